#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/init.h>
#include <fovea/layers/transformer/transformer.h>

#include <cmath>

namespace fovea {
namespace {

Parameter table(int64_t rows, int64_t size, Generator& generator) {
  if (rows < 1) throw ValueError(fmt::format("TransformerModel: a vocabulary of {}; need at least 1", rows));
  return Parameter(normal({rows, size}, 0, 1 / std::sqrt(static_cast<double>(size)), generator));
}

}  // namespace

Transformer::Transformer(const TransformerOptions& options, Generator& generator)
    : encoder(options, true, generator), decoder(options, true, generator) {
  for (const Tensor& parameter : parameters(*this))
    if (parameter.dim() > 1) parameter.detach().copy_(init::xavier_uniform(parameter.shape(), generator));
}

Tensor Transformer::operator()(const Tensor& source, const Tensor& target, const Masks& masks) const {
  const Tensor memory = encoder(source, {.mask = masks.source, .generator = masks.generator});
  return decoder(target, memory, {.mask = masks.target, .memory_mask = masks.memory, .generator = masks.generator});
}

TransformerModel::TransformerModel(const TransformerModelOptions& o, Generator& generator)
    : transformer(o.transformer, generator),
      positions_(o.positions, o.transformer.size, o.longest, generator),
      dropout_(o.transformer.dropout),
      scale_(std::sqrt(static_cast<double>(o.transformer.size))) {
  const int64_t size = o.transformer.size,
                targets = o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary;
  source_embedding = table(o.source_vocabulary, size, generator);
  const bool one = o.tied && targets == o.source_vocabulary;
  target_embedding = one ? source_embedding.share() : table(targets, size, generator);
  output = o.tied ? target_embedding.share() : table(targets, size, generator);
}

void TransformerModel::members(Members& m) {
  m("source_embedding", source_embedding)("target_embedding", target_embedding)("output", output);
  m("positions", positions_)("dropout", dropout_)("transformer", transformer);
}

Tensor TransformerModel::embed(const Parameter& rows, const Tensor& ids, int64_t first, Generator& generator) const {
  return dropout_(positions_(embedding(rows, ids) * scale_, first), generator);
}

TransformerModel::Decoding TransformerModel::encode(const Tensor& source, const Tensor& lengths,
                                                    Generator& generator) const {
  Decoding state;
  if (lengths.defined()) state.memory_mask = padding_mask(lengths, source.size(1));
  const Tensor x = embed(source_embedding, source, 0, generator);
  state.memory = transformer.encoder(x, {.mask = state.memory_mask, .generator = generator});  // (1) [B, T, D]
  state.caches.resize(transformer.decoder.layers.size());
  return state;
}

Tensor TransformerModel::operator()(const Tensor& source, const Tensor& target, const Tensor& lengths,
                                    Generator& generator) const {
  const Decoding state = encode(source, lengths, generator);
  const Tensor y = embed(target_embedding, target, 0, generator);
  const DecoderCall call{.memory_mask = state.memory_mask, .generator = generator};
  return linear(transformer.decoder(y, state.memory, call), output);  // (2), (3) [B, U, V]
}

Tensor TransformerModel::step(const Tensor& ids, Decoding& state) const {
  const Tensor y = embed(target_embedding, ids, state.caches[0].own.length(), default_generator());
  return linear(transformer.decoder(y, state.memory, {.memory_mask = state.memory_mask}, &state.caches), output);
}

Taught TransformerModel::teach(const Tensor& source, const Tensor& lengths, const Tensor& heard,
                               const TeachingOptions& options) const {
  if (options.truth != 1)
    throw ValueError(
        fmt::format("TransformerModel: truth {}; it is taught all steps at once, so truth must be 1", options.truth));
  return {(*this)(source, heard, lengths, options.generator), {}, {}};
}

std::unique_ptr<IncrementalDecoder> TransformerModel::decoder(const Tensor& source, const Tensor& lengths) const {
  const NoGrad quiet;
  return make_decoder(encode(source, lengths), source.size(0), [this](const Tensor& last, Decoding& state) {
    return select(step(unsqueeze(last, 1), state), 1, 0);  // [R, V]
  });
}

}  // namespace fovea
