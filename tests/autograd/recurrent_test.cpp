// What the op specs cannot ask of the recurrent ops: threads, NaN behind a length, second derivatives beside other
// users of an input.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>

#include <functional>
#include <limits>
#include <optional>

using namespace fovea;

namespace {

struct Lstm {
  Tensor x, ih, hh, bias_ih, bias_hh;
  Lstm(int64_t batch, int64_t time, int64_t input, int64_t hidden, DType dtype) {
    Generator generator(5);
    const auto make = [&](const Shape& shape) { return uniform(shape, -0.5, 0.5, generator, dtype).requires_grad_(); };
    x = make({batch, time, input});
    ih = make({4 * hidden, input});
    hh = make({4 * hidden, hidden});
    bias_ih = make({4 * hidden});
    bias_hh = make({4 * hidden});
  }
  LstmSequence run(const SequenceOptions& options = {}) const {
    return lstm_sequence(x, {}, {}, {ih, hh, bias_ih, bias_hh}, options);
  }
  std::vector<Tensor> leaves() const { return {x, ih, hh, bias_ih, bias_hh}; }
};

}  // namespace

TEST_CASE("a sequence is bitwise the same for any number of threads", "[recurrent][threads]") {
  const Lstm lstm(21, 6, 7, 40, f32);
  std::vector<std::vector<Tensor>> results;
  const int before = num_threads();
  for (int threads : {1, 2, 4, 7}) {
    set_num_threads(threads);
    Generator generator(9);
    const LstmSequence y = lstm.run({.lengths = randint({21}, 0, 7, generator)});
    std::vector<Tensor> all{y.output, y.hidden, y.cell};
    for (const Tensor& g : grad(sum(square(y.output)), lstm.leaves())) all.push_back(g);
    results.push_back(all);
  }
  set_num_threads(before);
  for (size_t run = 1; run < results.size(); ++run)
    for (size_t i = 0; i < results[0].size(); ++i) REQUIRE(equal(results[run][i], results[0][i]));
}

TEST_CASE("second derivatives beside another user of the input", "[recurrent]") {
  // x is reached by the outer pass before the sequence is: the pass inside its vjp must leave that alone.
  const auto second = [] {
    const Lstm lstm(2, 3, 2, 2, f64);
    const Tensor loss = sum(square(lstm.run().output)) + sum(square(lstm.x) * lstm.x);
    const Tensor first = grad(loss, {lstm.x}, {.create_graph = true})[0];
    std::vector<Tensor> all{first};
    for (const Tensor& g : grad(sum(square(first)), lstm.leaves())) all.push_back(g);
    return all;
  };
  const std::vector<Tensor> fused = second();
  const ReferenceMode plain;
  const std::vector<Tensor> expected = second();
  for (size_t i = 0; i < fused.size(); ++i) REQUIRE(allclose(fused[i], expected[i], 1e-10, 1e-12));
}

TEST_CASE("what stands behind a length is never looked at", "[recurrent]") {
  for (const bool reverse : {false, true}) {
    Lstm lstm(2, 4, 3, 5, f64);
    const SequenceOptions options{.reverse = reverse, .lengths = tensor<int64_t>({2, 0})};
    const auto run = [&] {
      const LstmSequence y = lstm.run(options);
      std::vector<Tensor> all{y.output, y.hidden, y.cell};
      for (const Tensor& g : grad(sum(square(y.output)) + sum(y.hidden) + sum(y.cell), lstm.leaves())) all.push_back(g);
      return all;
    };
    const std::vector<Tensor> clean = run();
    Tensor dirty = clone(lstm.x.detach());
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t t = b == 0 ? 2 : 0; t < 4; ++t)
        for (int64_t d = 0; d < 3; ++d) dirty.set({b, t, d}, std::numeric_limits<double>::quiet_NaN());
    lstm.x = dirty.requires_grad_();
    const std::vector<Tensor> changed = run();
    for (size_t i = 0; i < clean.size(); ++i) {
      REQUIRE(all(isfinite(clean[i])));
      REQUIRE(equal(clean[i], changed[i]));
    }
  }
}

TEST_CASE("of no steps every input has a gradient, and the state's is what arrives at it", "[recurrent]") {
  const int64_t I = 3, H = 2;
  Generator generator(3);
  const auto make = [&](const Shape& shape) { return uniform(shape, -1, 1, generator, f64).requires_grad_(); };
  struct Network {
    int64_t gates;
    std::function<HiddenSequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights)> run;
  };
  const std::vector<Network> networks{
      {4,
       [](const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights) {
         const LstmSequence y = lstm_sequence(x, hidden, hidden, weights);
         return HiddenSequence{y.output, y.hidden};
       }},
      {3, [](auto& x, auto& hidden, auto& weights) { return gru_sequence(x, hidden, weights); }},
      {3, [](auto& x, auto& hidden, auto& weights) { return gru_sequence(x, hidden, weights, {}, true); }},
      {1, [](auto& x, auto& hidden, auto& weights) { return rnn_sequence(x, hidden, weights); }},
  };
  for (const Network& network : networks)
    for (const bool plain : {false, true}) {
      const std::optional<ReferenceMode> reference = plain ? std::optional<ReferenceMode>(std::in_place) : std::nullopt;
      const int64_t G = network.gates * H;
      const std::vector<Tensor> leaves{make({2, 0, I}), make({2, H}), make({G, I}), make({G, H}), make({G}), make({G})};
      const HiddenSequence y = network.run(leaves[0], leaves[1], {leaves[2], leaves[3], leaves[4], leaves[5]});
      REQUIRE(y.output.shape() == Shape{2, 0, H});
      REQUIRE(equal(y.hidden, leaves[1]));
      for (const Tensor& loss : {sum(y.output), sum(square(y.hidden))}) {
        const std::vector<Tensor> gradients = grad(loss, leaves, {.retain_graph = true});
        const bool of_state = !(loss.item() == 0);
        for (size_t i = 0; i < leaves.size(); ++i)
          REQUIRE(equal(gradients[i], of_state && i == 1 ? leaves[1] * 2 : zeros_like(leaves[i])));
      }
    }
}
