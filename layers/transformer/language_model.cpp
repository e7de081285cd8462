#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/transformer/language_model.h>

#include <cmath>
#include <utility>

namespace fovea {
namespace {

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
    : embedding(token_table("TransformerLanguageModel", o.vocabulary, o.transformer.embed_dim, generator)),
      output(o.tied ? embedding.share()
                    : token_table("TransformerLanguageModel", o.vocabulary, o.transformer.embed_dim, generator)),
      decoder(o.transformer, o.transformer.norm_first, generator),
      positions_(o.positions, o.transformer.embed_dim, o.max_length, generator),
      dropout_(o.transformer.dropout),
      scale_(std::sqrt(static_cast<double>(o.transformer.embed_dim))) {}

Tensor TransformerLanguageModel::generate(const Tensor& prompt, const GenerateOptions& o) const {
  if (!prompt.defined() || prompt.dim() != 2 || prompt.size(1) < 1)
    throw ShapeError(
        fmt::format("TransformerLanguageModel: the prompt is {}; need i64 [B, T], T >= 1", describe(prompt)));
  const DecodingOptions decoding{.begin = 0, .end = o.end, .max_length = o.count};
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
