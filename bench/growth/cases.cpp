#include "cases.h"

#include <fovea/fovea.h>

#include <memory>
#include <utility>

namespace fovea::bench {
namespace {

using Step = std::function<void()>;

// Forward, and backward from ones to the parameters.
template <class Model, class Forward>
Step train(std::shared_ptr<Model> model, Forward forward) {
  return [model = std::move(model), forward = std::move(forward)] {
    zero_grad(*model);
    sum(forward(*model)).backward();
  };
}

// A copy task of `length` vectors, or so many sequences of it, or so many slots.
Step ntm(int64_t batch, int64_t length, int64_t slots) {
  NtmOptions options{.input_size = 9, .output_size = 8};
  options.slots = slots;
  const Tensor x = bernoulli({batch, 2 * length + 1, 9}, 0.5, default_generator());
  return train(std::make_shared<NeuralTuringMachine>(options),
               [=](NeuralTuringMachine& model) { return model(x, length); });
}

Step lstm(int64_t batch, int64_t steps, int64_t hidden) {
  const Tensor x = randn({batch, steps, 64});
  return train(std::make_shared<LSTM>(RecurrentOptions{.input_size = 64, .hidden_size = hidden}),
               [=](LSTM& model) { return model(x).output; });
}

// Self-attention of four heads; its weights are returned, or never made.
Step attention(int64_t batch, int64_t steps, bool weights) {
  const Tensor x = randn({batch, steps, 64});
  return train(std::make_shared<MultiHeadAttention>(MultiHeadOptions{.embed_dim = 64, .heads = 4}),
               [=](MultiHeadAttention& model) { return model(x, {.need_weights = weights}).output; });
}

// One more token of a decoder that has `cached` in its cache.
Step decode(int64_t cached) {
  const auto blocks = std::make_shared<TransformerEncoder>(
      TransformerOptions{
          .embed_dim = 64, .heads = 4, .feed_forward = 256, .layers = 2, .dropout = 0, .norm_first = true},
      true);
  blocks->eval();
  const auto caches = std::make_shared<std::vector<KeyValueCache>>(2);
  const NoGrad guard;
  (*blocks)(randn({1, cached, 64}), {.causal = true}, caches.get());
  const Tensor x = randn({1, 1, 64});
  return [=] {
    const NoGrad inside;
    for (KeyValueCache& cache : *caches) cache.shorten(cached);
    (*blocks)(x, {.causal = true}, caches.get());
  };
}

}  // namespace

std::vector<Growth> growths() {
  const std::vector<int64_t> long_sizes{64, 128, 256, 512, 1024, 2048};
  return {
      {"ntm_length", "T", {10, 20, 40, 80, 160}, 1, 1, [](int64_t n) { return ntm(1, n, 128); }},
      {"ntm_batch", "B", {1, 2, 4, 8, 16, 32}, 1, 1, [](int64_t n) { return ntm(n, 10, 128); }},
      {"ntm_slots", "N", {64, 128, 256, 512, 1024}, 1, 1, [](int64_t n) { return ntm(1, 10, n); }},
      {"lstm_length", "T", {25, 50, 100, 200, 400}, 1, 1, [](int64_t n) { return lstm(8, n, 64); }},
      {"lstm_batch", "B", {8, 16, 32, 64, 128}, 1, 1, [](int64_t n) { return lstm(n, 25, 64); }},
      {"lstm_hidden", "H", {64, 128, 256, 512}, 2, 2, [](int64_t n) { return lstm(8, 25, n); }},
      {"attention_length",
       "T",
       {128, 256, 512, 1024, 2048, 4096},
       2,
       1,
       [](int64_t n) { return attention(1, n, false); }},
      {"attention_weights_length", "T", long_sizes, 2, 2, [](int64_t n) { return attention(1, n, true); }},
      {"attention_batch", "B", {1, 2, 4, 8, 16}, 1, 1, [](int64_t n) { return attention(n, 128, false); }},
      {"decode_step_cache", "T", long_sizes, 1, 1, decode},
  };
}

}  // namespace fovea::bench
