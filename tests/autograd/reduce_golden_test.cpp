// Reductions, softmax, normalisation, similarities and losses against PyTorch, in f64 and in f32.
#include <fovea/core/array.h>
#include <tests/autograd/golden_cases.h>

using namespace fovea;
using fovea::test::GoldenCall;
using fovea::test::GoldenFile;

namespace {

using X = const std::vector<Tensor>&;
using Options = CrossEntropyOptions;

GoldenCall classes(const Options& options) {
  return [options](X x) { return cross_entropy(x[0], x[1], options); };
}

const std::map<std::string, GoldenCall> kCalls = {
    {"sum", [](X x) { return sum(x[0]); }},
    {"sum_dims",
     [](X x) {
       return sum(x[0], {0, 2});
     }},
    {"sum_first", [](X x) { return sum(x[0], 0); }},
    {"mean",
     [](X x) {
       return mean(x[0], {1, 2}, true);
     }},
    {"var", [](X x) { return var(x[0], 1); }},
    {"std", [](X x) { return standard_deviation(x[0], 1); }},
    {"var_biased", [](X x) { return var(x[0], 0, false, true); }},
    {"max", [](X x) { return max(x[0], 1); }},
    {"max_ties", [](X x) { return max(x[0], 0); }},
    {"min",
     [](X x) {
       return min(x[0], {0, 2});
     }},
    {"norm",
     [](X x) {
       return norm(x[0], {0, 2});
     }},
    {"logsumexp",
     [](X x) {
       return logsumexp(x[0], {0, 2});
     }},
    {"cumsum", [](X x) { return cumsum(x[0], 1); }},
    {"argmax", [](X x) { return argmax(x[0], 1); }},
    {"argmin", [](X x) { return argmin(x[0], 0); }},
    {"softmax", [](X x) { return softmax(x[0], -1); }},
    {"softmax_first", [](X x) { return softmax(x[0], 0); }},
    {"softmax_masked", [](X x) { return softmax(x[0], -1, x[1]); }},
    {"log_softmax", [](X x) { return log_softmax(x[0], -1); }},
    {"log_softmax_middle", [](X x) { return log_softmax(x[0], 1); }},
    {"log_softmax_masked", [](X x) { return masked_fill(log_softmax(x[0], -1, x[1]), logical_not(x[1]), 0); }},
    {"layer_norm", [](X x) { return layer_norm(x[0], x[1], x[2]); }},
    {"layer_norm_far", [](X x) { return layer_norm(x[0], x[1], x[2], 1e-3); }},
    {"cosine", [](X x) { return cosine_similarity(x[0], x[1], -1); }},
    {"cosine_first", [](X x) { return cosine_similarity(x[0], x[1], 0); }},
    {"circular", [](X x) { return circular_convolution(x[0], x[1]); }},
    {"cross_entropy", classes({})},
    {"cross_entropy_none", classes({.reduction = Reduction::none})},
    {"cross_entropy_ignored", classes({.ignore_index = 2})},
    {"cross_entropy_smoothed", classes({.ignore_index = 1, .label_smoothing = 0.2})},
    {"cross_entropy_sum", classes({.label_smoothing = 0.1, .reduction = Reduction::sum})},
    {"cross_entropy_soft", classes({})},
    {"cross_entropy_soft_smoothed", classes({.label_smoothing = 0.3})},
    {"nll", [](X x) { return nll_loss(x[0], x[1], {.ignore_index = 3}); }},
    {"bce", [](X x) { return binary_cross_entropy_with_logits(x[0], x[1]); }},
    {"mse", [](X x) { return mse_loss(x[0], x[1]); }},
    {"huber", [](X x) { return huber_loss(x[0], x[1], 0.7); }},
};

Tensor narrow(const Tensor& x) { return x.dtype() == f64 ? array::to(x, f32) : array::clone(x); }

bool near(const Tensor& single, const Tensor& golden) {
  return allclose(array::to(single, f64), array::to(golden, f64), 1.3e-6, 1e-5);
}

}  // namespace

TEST_CASE("reductions and losses agree with PyTorch", "[golden]") { check_golden(GoldenFile("reduce"), kCalls, 1e-12); }

TEST_CASE("reductions and losses in f32 agree with PyTorch in f64", "[golden]") {
  const GoldenFile file("reduce");
  for (const auto& [name, call] : kCalls) {
    if (name == "layer_norm_far") continue;  // its inputs, near 100, lose more than the bar when they become f32
    INFO(name);
    std::vector<Tensor> inputs, leaves, expected;
    for (int i = 0; file.has(name + "/x" + std::to_string(i)); ++i) {
      inputs.push_back(narrow(file[name + "/x" + std::to_string(i)]));
      if (!file.has(name + "/d" + std::to_string(i))) continue;
      leaves.push_back(inputs.back().requires_grad_());
      expected.push_back(file[name + "/d" + std::to_string(i)]);
    }
    const Tensor y = call(inputs);
    REQUIRE(near(y, file[name + "/y"]));
    if (leaves.empty()) continue;
    const std::vector<Tensor> gradients = grad({y}, leaves, {.grad_outputs = {narrow(file[name + "/c"])}});
    for (size_t i = 0; i < leaves.size(); ++i) {
      INFO("gradient " << i);
      REQUIRE(near(gradients[i], expected[i]));
    }
  }
}
