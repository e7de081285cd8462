#include <fmt/format.h>
#include <fovea/layers/init.h>
#include <fovea/layers/transformer/transformer.h>

#include <cmath>

namespace fovea {

Transformer::Transformer(const TransformerOptions& options, Generator& generator)
    : encoder(options, true, generator), decoder(options, true, generator) {
  for (const Tensor& parameter : parameters(*this))
    if (parameter.dim() > 1) parameter.detach().copy_(init::xavier_uniform(parameter.shape(), generator));
}

TransformerModel::TransformerModel(const TransformerModelOptions& o, Generator& generator)
    : transformer(o.transformer, generator),
      positions_(o.positions, o.transformer.embed_dim, o.max_length, generator),
      dropout_(o.transformer.dropout),
      scale_(std::sqrt(static_cast<double>(o.transformer.embed_dim))) {
  const int64_t D = o.transformer.embed_dim,
                targets = o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary;
  source_embedding = token_table("TransformerModel", o.source_vocabulary, D, generator);
  const bool one = o.tied && targets == o.source_vocabulary;
  target_embedding = one ? source_embedding.share() : token_table("TransformerModel", targets, D, generator);
  output = o.tied ? target_embedding.share() : token_table("TransformerModel", targets, D, generator);
}

void TransformerModel::check_ratio(double ratio) {
  if (ratio != 1)
    throw ValueError(fmt::format(
        "TransformerModel: a ratio of teacher forcing of {}; it sees all steps at once, so the ratio must be 1",
        ratio));
}

std::unique_ptr<IncrementalDecoder> TransformerModel::decoder(const Tensor& source, const Tensor& lengths) const {
  const NoGrad quiet;
  return make_decoder(encode(source, lengths), source.size(0), [this](const Tensor& last, Decoding& state) {
    return select(step(unsqueeze(last, 1), state), 1, 0);  // [R, V]
  });
}

}  // namespace fovea
