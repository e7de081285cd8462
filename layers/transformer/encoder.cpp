#include <fmt/format.h>
#include <fovea/layers/transformer/encoder.h>

namespace fovea {

Tensor activate(Activation activation, const Tensor& x) { return activation == Activation::gelu ? gelu(x) : relu(x); }

TransformerEncoderLayer::TransformerEncoderLayer(const TransformerOptions& o, Generator& generator)
    : self_attn({.size = o.size, .heads = o.heads, .dropout = o.dropout}, generator),
      linear1(o.size, o.feed_forward, true, generator),
      linear2(o.feed_forward, o.size, true, generator),
      norm1(o.size),
      norm2(o.size),
      dropout_(o.dropout),
      dropout1_(o.dropout),
      dropout2_(o.dropout),
      activation_(o.activation),
      norm_first_(o.norm_first) {}

void TransformerEncoderLayer::members(Members& m) {
  m("self_attn", self_attn)("linear1", linear1)("linear2", linear2)("norm1", norm1)("norm2", norm2);
  m("dropout", dropout_)("dropout1", dropout1_)("dropout2", dropout2_);
}

Tensor TransformerEncoderLayer::operator()(const Tensor& x, const MultiHeadCall& call) const {
  const auto attend = [&](const Tensor& h) { return dropout1_(self_attn(h, call).output, call.generator); };
  const auto feed = [&](const Tensor& h) {
    const Tensor inner = dropout_(activate(activation_, linear1(h)), call.generator);  // [B, T, F]
    return dropout2_(linear2(inner), call.generator);                                  // (1) [B, T, D]
  };
  if (norm_first_) {
    const Tensor attended = x + attend(norm1(x));
    return attended + feed(norm2(attended));  // (3)
  }
  const Tensor attended = norm1(x + attend(x));
  return norm2(attended + feed(attended));  // (2)
}

TransformerEncoder::TransformerEncoder(const TransformerOptions& options, bool final_norm, Generator& generator) {
  if (options.layers < 1)
    throw ValueError(fmt::format("TransformerEncoder: {} layers; need at least 1", options.layers));
  for (int64_t i = 0; i < options.layers; ++i) layers.emplace_back(options, generator);
  if (final_norm) norm.emplace(options.size);
}

Tensor TransformerEncoder::operator()(Tensor x, const MultiHeadCall& call, std::vector<KeyValueCache>* caches) const {
  if (caches != nullptr && caches->size() != layers.size())
    throw ShapeError(fmt::format("TransformerEncoder: {} caches for {} layers", caches->size(), layers.size()));
  for (size_t i = 0; i < layers.size(); ++i)
    x = layers[i](x,
                  {call.mask, call.causal, caches != nullptr ? &(*caches)[i] : nullptr, call.weights, call.generator});
  return norm ? (*norm)(x) : x;
}

}  // namespace fovea
