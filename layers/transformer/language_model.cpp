#include <fmt/format.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/transformer/language_model.h>

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

Parameter table(const LanguageModelOptions& o, Generator& generator) {
  if (o.vocabulary < 1)
    throw ValueError(fmt::format("TransformerLanguageModel: a vocabulary of {}; need at least 1", o.vocabulary));
  const auto size = static_cast<double>(o.transformer.size);
  return Parameter(normal({o.vocabulary, o.transformer.size}, 0, 1 / std::sqrt(size), generator));
}

// One id for each row of logits [B, V].
Tensor choose(const Tensor& logits, const GenerateOptions& o) {
  if (o.temperature == 0) return argmax(logits, -1);
  const int64_t k = o.top_k == 0 ? logits.size(1) : std::min(o.top_k, logits.size(1));
  const Tensor least = slice(topk(logits, k, -1).first, 1, k - 1, k);  // [B, 1]
  return Categorical(logits * (1 / o.temperature), ge(logits, least)).sample(o.generator);
}

}  // namespace

TransformerLanguageModel::TransformerLanguageModel(const LanguageModelOptions& o, Generator& generator)
    : embedding(table(o, generator)),
      output(o.tied ? embedding.share() : table(o, generator)),
      decoder(o.transformer, o.transformer.norm_first, generator),
      positions_(o.positions, o.transformer.size, o.longest, generator),
      dropout_(o.transformer.dropout),
      scale_(std::sqrt(static_cast<double>(o.transformer.size))) {}

void TransformerLanguageModel::members(Members& m) {
  m("embedding", embedding)("output", output)("positions", positions_)("dropout", dropout_)("decoder", decoder);
}

Tensor TransformerLanguageModel::operator()(const Tensor& ids, std::vector<KeyValueCache>* caches,
                                            Generator& generator) const {
  const int64_t first = caches != nullptr && !caches->empty() ? caches->front().length() : 0;
  const Tensor x = dropout_(positions_(fovea::embedding(embedding, ids) * scale_, first), generator);  // (1) [B, T, D]
  const Tensor h = decoder(x, {.causal = true, .generator = generator}, caches);                       // (2)
  return linear(h, output);                                                                            // (3) [B, T, V]
}

Tensor TransformerLanguageModel::generate(const Tensor& prompt, const GenerateOptions& o) const {
  if (!prompt.defined() || prompt.dim() != 2 || prompt.size(1) < 1)
    throw ShapeError(
        fmt::format("TransformerLanguageModel: the prompt is {}; need i64 [B, T], T >= 1", describe(prompt)));
  if (o.count < 0 || !(o.temperature >= 0) || o.top_k < 0)
    throw ValueError(fmt::format("TransformerLanguageModel: count {}, temperature {}, top_k {}; need 0 and above",
                                 o.count, o.temperature, o.top_k));
  const NoGrad quiet;
  std::vector<KeyValueCache> caches(decoder.layers.size());
  const Tensor mark = scalar(static_cast<double>(o.end), i64);
  Tensor next = prompt, ended = zeros({prompt.size(0), 1}, boolean);
  std::vector<Tensor> said;
  for (int64_t i = 0; i < o.count; ++i) {
    const Tensor logits = select((*this)(next, &caches), 1, -1);  // [B, V]
    next = where(ended, mark, unsqueeze(choose(logits, o), 1));   // [B, 1]
    said.push_back(next);
    if (o.end < 0) continue;
    ended = eq(next, mark);
    if (all(ended)) break;
  }
  return said.empty() ? zeros({prompt.size(0), 0}, i64) : cat(said, 1);
}

}  // namespace fovea
