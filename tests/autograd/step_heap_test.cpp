// What the steps of decoders ask of the heap once the pools are warm: nothing, forward and backward. Counts every call
// of operator new in this executable.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/parts.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/autograd/shared_weights.h>
#include <tests/catch.h>
#include <tests/heap_calls.h>

using namespace fovea;

namespace {

constexpr int64_t B = 3, H = 8, Tk = 5;

Tensor weight(const Shape& shape) {
  Generator generator(1);
  return normal(shape, 0, 0.3, generator).requires_grad_();
}

struct Weights {
  Tensor ih = weight({4 * H, H}), hh = weight({4 * H, H}), bias = weight({4 * H});
  Tensor gru_ih = weight({3 * H, H}), gru_hh = weight({3 * H, H});
  Tensor query = weight({H, H}), v = weight({H}), combine = weight({H, 2 * H});
};

// A decoder's step with additive attention; the cell is the LSTM's or the GRU's.
Tensor decoder_step(const Weights& w, const Tensor& x, LstmStep& state, const Tensor& keys, const Tensor& values,
                    const Tensor& mask, bool gru) {
  if (gru)
    state.hidden = gru_cell(linear(x, w.gru_ih), linear(state.hidden, w.gru_hh), state.hidden);
  else
    state = lstm_cell(linear(x, w.ih, w.bias) + linear(state.hidden, w.hh), state.cell);
  const Tensor score = additive_score(unsqueeze(linear(state.hidden, w.query), 1), keys, w.v);
  const Tensor context = squeeze(matmul(softmax(score, -1, mask), values), 1);
  return tanh(linear(cat({state.hidden, context}, 1), w.combine));
}

}  // namespace

TEST_CASE("the counter counts", "[heap]") {
  CHECK(test::heap_calls_a_step([] { CHECK(std::make_unique<double>(1.0) != nullptr); }) >= 1);
}

TEST_CASE("a decoder's step asks the heap for nothing: generating", "[heap]") {
  const NoGrad guard;
  const Weights w;
  const Tensor x = weight({B, H}), keys = weight({B, Tk, H}), mask = ones({B, 1, Tk}, boolean);
  LstmStep state{zeros({B, H}), zeros({B, H})};
  for (const bool gru : {false, true})
    CHECK(test::heap_calls_a_step([&] { decoder_step(w, x, state, keys, keys, mask, gru); }) == 0);
  const Tensor q = weight({B, 2, 1, 4}), k = weight({B, 2, Tk, 4});
  CHECK(test::heap_calls_a_step([&] { scaled_dot_product_attention(q, k, k); }) == 0);
  CHECK(test::heap_calls_a_step([&] { plain_sdpa(q, k, k); }) == 0);
  CHECK(test::heap_calls_a_step([&] {
          chunk<2>(x, 1), split<3>(x, {1, 2, 5}, 1), cat({x, x}, 0), stack({x, x}, 0);
        }) == 0);
}

TEST_CASE("a decoder's step asks the heap for nothing: training, with its part of backward", "[heap]") {
  const Weights w;
  const Tensor x = weight({B, H}), keys = weight({B, Tk, H}), mask = ones({B, 1, Tk}, boolean);
  for (const bool gru : {false, true}) {
    const auto pass = [&](int steps) {
      const SharedWeights shared;
      LstmStep state{zeros({B, H}), zeros({B, H})};
      Tensor loss = zeros({});
      for (int t = 0; t < steps; ++t) loss = loss + sum(decoder_step(w, x, state, keys, keys, mask, gru));
      loss.backward();
    };
    const double few = test::heap_calls_a_step([&] { pass(4); }), many = test::heap_calls_a_step([&] { pass(12); });
    INFO("a pass of 4 steps: " << few << ", of 12: " << many);
    CHECK(many == few);  // what a pass costs, whatever its length
    CHECK(few <= 8);
  }
}

TEST_CASE("a step of the Neural Turing Machine asks the heap for nothing", "[heap]") {
  constexpr int64_t M = 4, N = 6, K = 3, A = M + K + 3;
  const Tensor heads = weight({2 * A + 2 * M, H}), x = weight({B, H});
  const auto step = [&](Tensor& memory, Tensor& write, Tensor& read) {
    const auto part = split<4>(linear(x, heads), {A, A, M, M}, 1);
    write = ntm_address(reshape(part[1], {B, 1, A}), memory, write);
    memory = ntm_write(memory, write, reshape(sigmoid(part[2]), {B, 1, M}), reshape(tanh(part[3]), {B, 1, M}));
    read = ntm_address(reshape(part[0], {B, 1, A}), memory, read);
    return cat({x, reshape(ntm_read(memory, read), {B, M})}, 1);
  };
  const auto pass = [&](int steps, bool backward) {
    const SharedWeights shared;
    Tensor memory = full({B, M, N}, 1e-6), write = full({B, 1, N}, 1.0 / N), read = write, loss = zeros({});
    for (int t = 0; t < steps; ++t) loss = loss + sum(step(memory, write, read));
    if (backward) loss.backward();
  };
  const double few = test::heap_calls_a_step([&] { pass(4, true); }),
               many = test::heap_calls_a_step([&] { pass(12, true); });
  INFO("a pass of 4 steps: " << few << ", of 12: " << many);
  CHECK(many == few);
  CHECK(few <= 8);
  const NoGrad guard;
  CHECK(test::heap_calls_a_step([&] { pass(4, false); }) == 0);
}
