#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/transformer/language_model.h>

#include <cmath>
#include <utility>

namespace fovea {
namespace {

Parameter table(const LanguageModelOptions& o, Generator& generator) {
  if (o.vocabulary < 1)
    throw ValueError(fmt::format("TransformerLanguageModel: a vocabulary of {}; need at least 1", o.vocabulary));
  const auto size = static_cast<double>(o.transformer.size);
  return Parameter(normal({o.vocabulary, o.transformer.size}, 0, 1 / std::sqrt(size), generator));
}

// The prompt is heard at once; what it says comes before the first step, whose `last` is not needed.
class Steps final : public IncrementalDecoder {
 public:
  Steps(const TransformerLanguageModel& model, const Tensor& prompt)
      : model_(model), caches_(model.decoder.layers.size()), next_(hear(prompt)), rows_(prompt.size(0)) {}
  int64_t rows() const override { return rows_; }
  Tensor step(const Tensor& last) override {
    if (next_.defined()) return std::exchange(next_, Tensor());
    return hear(unsqueeze(last, 1));
  }
  void reorder(const Tensor& rows) override {
    const NoGrad quiet;
    for (KeyValueCache& cache : caches_) cache.reorder(rows);
    if (next_.defined()) next_ = index_select(next_, 0, rows);
    rows_ = rows.numel();
  }

 private:
  Tensor hear(const Tensor& ids) {
    const NoGrad quiet;
    return select(model_(ids, &caches_), 1, -1);  // [R, V]
  }
  const TransformerLanguageModel& model_;
  std::vector<KeyValueCache> caches_;
  Tensor next_;
  int64_t rows_;
};

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
  const DecodingOptions decoding{.begin = 0, .end = o.end, .longest = o.count};
  Steps steps(*this, prompt);
  return sample(steps, decoding, {o.temperature, o.top_k, o.generator}).ids;
}

}  // namespace fovea
