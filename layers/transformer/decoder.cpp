#include <fmt/format.h>
#include <fovea/layers/transformer/decoder.h>

namespace fovea {

TransformerDecoderLayer::TransformerDecoderLayer(const TransformerOptions& o, Generator& generator)
    : self_attn({.size = o.size, .heads = o.heads, .dropout = o.dropout}, generator),
      multihead_attn({.size = o.size, .heads = o.heads, .dropout = o.dropout}, generator),
      linear1(o.size, o.feed_forward, true, generator),
      linear2(o.feed_forward, o.size, true, generator),
      norm1(o.size),
      norm2(o.size),
      norm3(o.size),
      dropout_(o.dropout),
      dropout1_(o.dropout),
      dropout2_(o.dropout),
      dropout3_(o.dropout),
      activation_(o.activation),
      norm_first_(o.norm_first) {}

void TransformerDecoderLayer::members(Members& m) {
  m("self_attn", self_attn)("multihead_attn", multihead_attn)("linear1", linear1)("linear2", linear2);
  m("norm1", norm1)("norm2", norm2)("norm3", norm3);
  m("dropout", dropout_)("dropout1", dropout1_)("dropout2", dropout2_)("dropout3", dropout3_);
}

Tensor TransformerDecoderLayer::operator()(const Tensor& x, const Tensor& memory, const DecoderCall& call) const {
  const auto own = [&](const Tensor& h) {
    KeyValueCache* cache = call.cache != nullptr ? &call.cache->own : nullptr;
    const MultiHeadCall options{.mask = call.mask, .causal = true, .cache = cache, .generator = call.generator};
    return dropout1_(self_attn(h, options).output, call.generator);
  };
  const auto read = [&](const Tensor& h) {
    const MultiHeadCall options{.mask = call.memory_mask, .generator = call.generator};
    KeysValues kept = call.cache != nullptr ? call.cache->memory : KeysValues{};
    if (!kept.keys.defined()) kept = multihead_attn.project(memory, memory);
    if (call.cache != nullptr) call.cache->memory = kept;
    return dropout2_(multihead_attn.attend(h, kept, options).output, call.generator);
  };
  const auto feed = [&](const Tensor& h) {
    const Tensor inner = dropout_(activate(activation_, linear1(h)), call.generator);
    return dropout3_(linear2(inner), call.generator);
  };
  if (norm_first_) {
    const Tensor seen = x + own(norm1(x));
    const Tensor told = seen + read(norm2(seen));
    return told + feed(norm3(told));  // (2)
  }
  const Tensor seen = norm1(x + own(x));
  const Tensor told = norm2(seen + read(seen));
  return norm3(told + feed(told));  // (1)
}

TransformerDecoder::TransformerDecoder(const TransformerOptions& options, bool final_norm, Generator& generator) {
  if (options.layers < 1)
    throw ValueError(fmt::format("TransformerDecoder: {} layers; need at least 1", options.layers));
  for (int64_t i = 0; i < options.layers; ++i) layers.emplace_back(options, generator);
  if (final_norm) norm.emplace(options.size);
}

Tensor TransformerDecoder::operator()(Tensor x, const Tensor& memory, const DecoderCall& call,
                                      std::vector<DecoderCache>* caches) const {
  if (caches != nullptr && caches->size() != layers.size())
    throw ShapeError(fmt::format("TransformerDecoder: {} caches for {} layers", caches->size(), layers.size()));
  for (size_t i = 0; i < layers.size(); ++i)
    x = layers[i](x, memory,
                  {call.mask, call.memory_mask, caches != nullptr ? &(*caches)[i] : nullptr, call.generator});
  return norm ? (*norm)(x) : x;
}

}  // namespace fovea
