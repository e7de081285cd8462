#include "workloads.h"

namespace fovea::bench {
namespace {

Step linear_layer() {
  const Tensor x = leaf({128, 512});
  const auto layer = std::make_shared<Linear>(512, 512);
  return forward_backward([=] { return (*layer)(x); }, with_parameters(*layer, {x}));
}

// 50 steps, batch 32, input 64, hidden 128; the peer's layout is [T, B, I], ours [B, T, I].
template <class Layer>
Step recurrent(std::shared_ptr<Layer> layer) {
  const Tensor x = leaf({32, 50, 64});
  return forward_backward([=] { return (*layer)(x).output; }, with_parameters(*layer, {x}));
}

// One query a sequence; the keys are prepared in the timed step.
Step additive_attention() {
  const Tensor query = leaf({32, 128}), keys = leaf({32, 50, 128});
  const auto layer = std::make_shared<BahdanauAttention>(AdditiveScore(128, 128, 128));
  return forward_backward([=] { return (*layer)(query, keys).context; }, with_parameters(*layer, {query, keys}));
}

Step lstm_step() {
  const auto cell = std::make_shared<LSTMCell>(CellOptions{256, 256});
  const Tensor x = randn({1, 256});
  const State start{randn({1, 256}), randn({1, 256})};
  return forward_only([=] { (*cell)(x, start); });
}

}  // namespace

std::vector<Workload> layer_workloads() {
  return {
      {"linear_512x512_b128", linear_layer},
      {"lstm_T50_B32_I64_H128",
       [] { return recurrent(std::make_shared<LSTM>(RecurrentOptions{.input_size = 64, .hidden_size = 128})); }},
      {"gru_T50_B32_I64_H128",
       [] { return recurrent(std::make_shared<GRU>(RecurrentOptions{.input_size = 64, .hidden_size = 128})); }},
      {"bilstm_T50_B32_I64_H128",
       [] {
         return recurrent(
             std::make_shared<LSTM>(RecurrentOptions{.input_size = 64, .hidden_size = 128, .bidirectional = true}));
       }},
      {"lstm_step_B1_H256", lstm_step},
      {"additive_attention_B32_S50_H128", additive_attention},
  };
}

}  // namespace fovea::bench
