// Results and gradients have the same bits with 1, 2, 4 and 7 threads: every op, on enough elements that it is cut.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/autograd/sdpa.h>
#include <tests/catch.h>
#include <tests/threads.h>

#include <functional>
#include <string>
#include <vector>

using namespace fovea;
using fovea::test::Threads;

namespace {

using X = const std::vector<Tensor>&;

// A call on inputs of these shapes, drawn from [low, high).
struct Family {
  std::string name;
  std::vector<Shape> shapes;
  std::function<Tensor(X x)> call;
  double low = -2, high = 2;
};

Tensor ids(int64_t n, const Shape& shape) {
  Generator generator(3);
  return randint(shape, 0, n, generator);
}
Tensor coins(const Shape& shape) {
  Generator generator(4);
  return gt(bernoulli(shape, 0.5, generator), 0);
}

// The result, then the gradients of its product with a fixed cotangent.
std::vector<Tensor> results(const Family& family, int threads) {
  const Threads guard(threads);
  Generator generator(1);
  std::vector<Tensor> inputs;
  for (const Shape& shape : family.shapes)
    inputs.push_back(uniform(shape, family.low, family.high, generator).requires_grad_());
  const Tensor y = family.call(inputs);
  std::vector<Tensor> found = {y.detach()};
  if (!y.requires_grad()) return found;
  const Tensor cotangent = uniform(y.shape(), -1, 1, generator, y.dtype());
  for (const Tensor& gradient : grad({y}, inputs, {.allow_unused = true, .grad_outputs = {cotangent}}))
    if (gradient.defined()) found.push_back(gradient);
  return found;
}

void require_same_bits(const std::vector<Family>& families) {
  for (const Family& family : families) {
    const std::vector<Tensor> expected = results(family, 1);
    for (const int n : {2, 4, 7}) {
      INFO(family.name << " with " << n << " threads");
      const std::vector<Tensor> found = results(family, n);
      REQUIRE(found.size() == expected.size());
      for (size_t i = 0; i < found.size(); ++i) REQUIRE(equal(found[i], expected[i]));
    }
  }
}

const Shape kRow{100003}, kMatrix{517, 403}, kColumn{517, 1};

TEST_CASE("elementwise ops: the same bits for any number of threads", "[parallel][threads]") {
  require_same_bits({
      {"unary", {kRow}, [](X x) { return tanh(x[0]) + sigmoid(x[0]) * exp(x[0]) - gelu(x[0]) + erf(x[0]); }},
      {"unary f64", {kRow}, [](X x) { return softplus(to(x[0], f64)); }},
      {"kinks", {kRow}, [](X x) { return relu(x[0]) + leaky_relu(x[0]) * abs(x[0]) + clamp(x[0], -1, 1); }},
      {"waves", {kRow}, [](X x) { return sin(x[0]) * cos(x[0]) + square(x[0]) / 3.0 - neg(x[0]); }},
      {"roots", {kRow}, [](X x) { return log(x[0]) + sqrt(x[0]) + pow(x[0], 1.7); }, 0.1},
      {"strided", {kMatrix}, [](X x) { return exp(transpose(x[0], 0, 1)); }},
      {"broadcast", {kMatrix, kColumn}, [](X x) { return x[0] * x[1] + x[0] / x[1] - x[1]; }, 0.1},
      {"binary",
       {kMatrix, kMatrix},
       [](X x) { return maximum(x[0], x[1]) + minimum(x[0], x[1]) * pow(x[0], x[1]); },
       0.1},
      {"convert", {kMatrix}, [](X x) { return to(to(transpose(x[0], 0, 1), f64), f32); }},
      {"choose", {kMatrix, kColumn}, [](X x) { return where(gt(x[0], x[1]), x[0], x[1]); }},
      {"masked_fill", {kMatrix}, [](X x) { return masked_fill(x[0], coins(kMatrix), -1); }},
      {"dropout",
       {kMatrix},
       [](X x) {
         Generator fresh(9);
         return dropout(x[0], 0.4, fresh);
       }},
      {"random",
       {kRow},
       [](X x) {
         Generator fresh(9);
         return x[0] + normal(kRow, 0, 1, fresh) + bernoulli(kRow, 0.3, fresh);
       }},
  });
}

TEST_CASE("reductions and losses: the same bits for any number of threads", "[parallel][threads]") {
  const Tensor target = ids(403, {517});
  require_same_bits({
      {"sum all", {kRow}, [](X x) { return sum(x[0]); }},
      {"sum rows", {kMatrix}, [](X x) { return sum(x[0], 1); }},
      {"sum columns", {kMatrix}, [](X x) { return sum(x[0], 0); }},
      {"mean, var", {kMatrix}, [](X x) { return mean(x[0], 0) + var(x[0], 0); }},
      {"max, min, norm", {kMatrix}, [](X x) { return max(x[0], 1) + min(x[0], 1) + norm(x[0], 1); }},
      {"logsumexp", {kMatrix}, [](X x) { return logsumexp(x[0], 1); }},
      {"cumsum", {kMatrix}, [](X x) { return cumsum(x[0], 0); }},
      {"argmax", {kMatrix}, [](X x) { return argmax(x[0], 1) + argmin(x[0], 1); }},
      {"softmax", {kMatrix}, [](X x) { return softmax(x[0], 1) + softmax(x[0], 0); }},
      {"masked softmax", {kMatrix}, [](X x) { return softmax(x[0], 1, coins(kMatrix)); }},
      {"log_softmax", {kMatrix}, [](X x) { return log_softmax(x[0], 1); }},
      {"layer_norm", {kMatrix, {403}, {403}}, [](X x) { return layer_norm(x[0], x[1], x[2]); }},
      {"cross_entropy", {kMatrix}, [=](X x) { return cross_entropy(x[0], target, {.label_smoothing = 0.1}); }},
      {"nll", {kMatrix}, [=](X x) { return nll_loss(x[0], target); }},
      {"bce", {kMatrix, kMatrix}, [](X x) { return binary_cross_entropy_with_logits(x[0], sigmoid(x[1])); }},
      {"mse, huber", {kMatrix, kMatrix}, [](X x) { return mse_loss(x[0], x[1]) + huber_loss(x[0], x[1]); }},
      {"cosine", {kMatrix, kMatrix}, [](X x) { return cosine_similarity(x[0], x[1], 1); }},
  });
}

TEST_CASE("products: the same bits for any number of threads", "[parallel][threads]") {
  require_same_bits({
      {"256", {{256, 256}, {256, 256}}, [](X x) { return matmul(x[0], x[1]); }},
      {"1024", {{1024, 1024}}, [](X x) { return matmul(x[0], x[0]); }},
      {"odd", {kMatrix}, [](X x) { return matmul(x[0], transpose(x[0], 0, 1)); }},
      {"wide", {{3, 2049}}, [](X x) { return matmul(x[0], transpose(x[0], 0, 1)); }},
      {"tall", {{3, 2049}}, [](X x) { return matmul(transpose(x[0], 0, 1), x[0]); }},
      {"batch", {{33, 40, 50}}, [](X x) { return matmul(x[0], transpose(x[0], 1, 2)); }},
      {"matrix and vector", {kMatrix, {403}}, [](X x) { return matmul(x[0], x[1]); }},
      {"linear", {{300, 257}, {129, 257}, {129}}, [](X x) { return tanh(linear(x[0], x[1], x[2])); }},
  });
}

// BLAS is asked for a product at once, or for panels of it, by size, layout and the number of threads.
TEST_CASE("products of many sizes and layouts: the same bits for any number of threads", "[parallel][threads]") {
  Generator sizes(5);
  for (int i = 0; i < 48; ++i) {
    const auto size = [&](int64_t low, int64_t high) { return randint({}, low, high, sizes).item<int64_t>(); };
    const int64_t m = size(2, 300), n = size(129, 800), k = size(1, 500);
    const DType dtype = i % 2 == 0 ? f32 : f64;
    const bool left = i / 2 % 2 != 0, right = i / 4 % 2 != 0;
    const Tensor a = uniform(left ? Shape{k, m} : Shape{m, k}, -1, 1, sizes, dtype);
    const Tensor b = uniform(right ? Shape{n, k} : Shape{k, n}, -1, 1, sizes, dtype);
    const auto product = [&](int threads) {
      const Threads guard(threads);
      return matmul(left ? transpose(a, 0, 1) : a, right ? transpose(b, 0, 1) : b);
    };
    INFO(m << " x " << k << " by " << k << " x " << n << ", " << name_of(dtype) << ", transposed " << left << right);
    REQUIRE(equal(product(1), product(3)));
  }
}

TEST_CASE("moving elements: the same bits for any number of threads", "[parallel][threads]") {
  const Tensor rows = ids(517, {700}), at = ids(517, {700, 403}), words = ids(517, {90, 30});
  require_same_bits({
      {"gather", {kMatrix}, [=](X x) { return gather(x[0], 0, at); }},
      {"scatter_add", {kMatrix, {700, 403}}, [=](X x) { return scatter_add(x[0], 0, at, x[1]); }},
      {"index_select", {kMatrix}, [=](X x) { return index_select(x[0], 0, rows); }},
      {"embedding", {kMatrix}, [=](X x) { return embedding(x[0], words); }},
      {"sort", {kMatrix}, [](X x) { return sort(x[0], 1).first; }},
      {"topk", {kMatrix}, [](X x) { return topk(x[0], 17, 1).first; }},
      {"cat, stack",
       {kMatrix, kMatrix},
       [](X x) {
         return cat({x[0], select(stack({x[0], x[1]}, 0), 0, 1)}, 1);
       }},
      {"pad, roll, flip",
       {kMatrix},
       [](X x) {
         return flip(roll(pad(x[0], {3, 1, 0, 2}), 11, 0), 1);
       }},
      {"unfold", {kMatrix}, [](X x) { return contiguous(unfold(x[0], 0, 9, 4)); }},
  });
}

TEST_CASE("fused ops: the same bits for any number of threads", "[parallel][threads]") {
  const Tensor lengths = ids(20, {40}) + 1.0;
  const std::vector<Shape> memory_shapes = {{16, 2, 26}, {16, 20, 128}, {16, 2, 128}};
  require_same_bits({
      {"ntm_address", memory_shapes, [](X x) { return ntm_address(x[0], x[1], softmax(x[2], 2)); }},
      {"ntm_write, ntm_read",
       {{16, 20, 128}, {16, 2, 128}, {16, 2, 20}},
       [](X x) { return ntm_read(ntm_write(x[0], softmax(x[1], 2), sigmoid(x[2]), x[2]), softmax(x[1], 2)); }},
      {"circular_convolution", {{300, 128}, {300, 3}}, [](X x) { return circular_convolution(x[0], x[1]); }},
      {"conv2d", {{9, 16, 20, 30}, {12, 16, 3, 3}, {12}}, [](X x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); }},
      {"conv2d of one large image",
       {{1, 3, 200, 150}, {16, 3, 5, 4}},
       [](X x) {
         return conv2d(x[0], x[1], {}, {.stride = {2, 1}});
       }},
      {"additive_score", {{8, 30, 64}, {8, 50, 64}, {64}}, [](X x) { return additive_score(x[0], x[1], x[2]); }},
      {"attention",
       {{2, 4, 70, 32}, {2, 4, 70, 32}, {2, 4, 70, 32}},
       [](X x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true}); }},
      {"lstm",
       {{40, 20, 30}, {128, 30}, {128, 32}, {128}, {128}},
       [=](X x) {
         const Tensor zero = zeros({40, 32});
         return lstm_sequence(x[0], zero, zero, {x[1], x[2], x[3], x[4]}, {.lengths = lengths}).output;
       }},
      {"gru",
       {{40, 20, 30}, {96, 30}, {96, 32}, {96}, {96}},
       [](X x) {
         return gru_sequence(x[0], zeros({40, 32}), {x[1], x[2], x[3], x[4]}).output;
       }},
      {"rnn",
       {{40, 20, 30}, {32, 30}, {32, 32}, {32}, {32}},
       [](X x) {
         return rnn_sequence(x[0], zeros({40, 32}), {x[1], x[2], x[3], x[4]}, {.reverse = true, .lengths = {}}).output;
       }},
  });
}

}  // namespace
