#include "workloads.h"

namespace fovea::bench {
namespace {

// Self-attention with biases.
Step multi_head(const Shape& shape, int64_t heads, bool causal) {
  const auto layer = std::make_shared<MultiHeadAttention>(MultiHeadOptions{.embed_dim = shape[2], .heads = heads});
  const Tensor x = leaf(shape);
  return forward_backward([=] { return (*layer)(x, {.causal = causal}).output; }, with_parameters(*layer, {x}));
}

Step encoder_layer() {
  const auto layer = std::make_shared<TransformerEncoderLayer>(
      TransformerOptions{.embed_dim = 256, .heads = 8, .feed_forward = 1024, .dropout = 0});
  const Tensor x = leaf({8, 128, 256});
  return forward_backward([=] { return (*layer)(x); }, with_parameters(*layer, {x}));
}

// Encoder and decoder of two post-norm layers each, learned positions, separate output layer, cross entropy, Adam.
Step copy_model() {
  struct Model final : Module {
    void members(Members& m) override { m("tokens", tokens)("positions", positions)("body", body)("output", output); }
    Tensor embed(const Tensor& ids) const { return tokens(ids) + positions.weight; }
    Tensor operator()(const Tensor& source, const Tensor& fed) const { return output(body(embed(source), embed(fed))); }
    Embedding tokens{64, 128}, positions{32, 128};
    Transformer body{{.embed_dim = 128, .heads = 4, .feed_forward = 512, .layers = 2, .dropout = 0}};
    Linear output{128, 64};
  };
  const auto model = std::make_shared<Model>();
  const auto optimizer = std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3});
  const Tensor source = randint({32, 32}, 0, 64, default_generator());
  const Tensor fed = pad(slice(source, 1, 0, -1), {1, 0});
  return [=] {
    optimizer->zero_grad();
    cross_entropy((*model)(source, fed), source).backward();
    optimizer->step();
  };
}

// One token against 128 cached ones, four pre-norm blocks and the final norm, no vocabulary layer.
Step decode_step() {
  const auto blocks = std::make_shared<TransformerEncoder>(
      TransformerOptions{
          .embed_dim = 256, .heads = 8, .feed_forward = 1024, .layers = 4, .dropout = 0, .norm_first = true},
      true);
  blocks->eval();
  const auto caches = std::make_shared<std::vector<KeyValueCache>>(4);
  const NoGrad guard;
  (*blocks)(randn({1, 128, 256}), {.causal = true}, caches.get());
  const Tensor x = randn({1, 1, 256});
  return forward_only([=] {
    for (KeyValueCache& cache : *caches) cache.shorten(128);
    (*blocks)(x, {.causal = true}, caches.get());
  });
}

}  // namespace

std::vector<Workload> attention_workloads() {
  return {
      {"mha_B8_T128_D256_h8",
       [] {
         return multi_head({8, 128, 256}, 8, true);
       }},
      {"mha_B1_T2048_D64_h1",
       [] {
         return multi_head({1, 2048, 64}, 1, false);
       }},
      {"transformer_encoder_layer_B8_T128_D256_h8_F1024", encoder_layer},
      {"transformer_copy_B32_T32_D128_h4_L2", copy_model},
      {"transformer_decode_step", decode_step},
  };
}

}  // namespace fovea::bench
