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

// What it has seen; after the prompt, which is read at once, the logits that the first step returns.
struct Generating {
  std::vector<KeyValueCache> caches;
  Tensor next;  // [R, V]
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("caches", caches), visit("next", next, 0);
  }
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
  const auto next = [this](const Tensor& input_ids, std::vector<KeyValueCache>& caches) {
    return select((*this)(input_ids, &caches), 1, -1);  // [R, V]
  };
  const NoGrad quiet;
  Generating state{std::vector<KeyValueCache>(decoder.layers.size()), {}};
  state.next = next(prompt, state.caches);
  const auto steps = make_decoder(std::move(state), prompt.size(0), [&](const Tensor& last, Generating& now) {
    return now.next.defined() ? std::exchange(now.next, Tensor()) : next(unsqueeze(last, 1), now.caches);
  });
  return sample(*steps, decoding, {o.temperature, o.top_k, o.generator}).ids;
}

}  // namespace fovea
