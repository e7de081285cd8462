// Reductions, softmax, normalisation, similarities and losses where others went wrong: the rows of the table of bugs,
// edges, exact sums, and the same bits for any number of threads.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>
#include <tests/threads.h>

#include <cmath>
#include <limits>
#include <optional>

using namespace fovea;
using fovea::test::Approx;
using fovea::test::Threads;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

bool all_zero(const Tensor& x) { return all(eq(x.detach(), full({}, 0, x.dtype()))); }
bool all_finite(const Tensor& x) { return all(isfinite(x)); }

Tensor gradient_of(const Tensor& y, const Tensor& x, uint64_t seed = 5) {
  Generator generator(seed);
  return grad({y}, {x}, {.grad_outputs = {uniform(y.shape(), -1, 1, generator, y.dtype())}})[0];
}

}  // namespace

TEST_CASE("a fully masked row reads zero with zero gradient, whatever it holds") {  // pytorch#103749
  for (const bool reference : {false, true}) {
    std::optional<ReferenceMode> plain;
    if (reference) plain.emplace();
    INFO((reference ? "plain formula" : "fused"));
    Tensor x = tensor({kNaN, kNaN, kInf, 1.f, 2.f, kNaN}, {2, 3}).requires_grad_();
    const Tensor mask = array::to(tensor<int64_t>({0, 0, 0, 1, 1, 0}, {2, 3}), boolean);
    const Tensor y = softmax(x, -1, mask);
    REQUIRE(all_zero(select(y, 0, 0)));
    REQUIRE(y.at({1, 2}) == 0);
    REQUIRE(y.at({1, 0}) + y.at({1, 1}) == Approx(1));
    const Tensor d = gradient_of(y, x);
    REQUIRE(all_finite(d));
    REQUIRE(all_zero(select(d, 0, 0)));
    REQUIRE(d.at({1, 2}) == 0);

    const Tensor logarithm = log_softmax(x, -1, mask);
    REQUIRE(logarithm.at({0, 1}) == -kInf);
    REQUIRE(logarithm.at({1, 2}) == -kInf);
    REQUIRE(std::exp(logarithm.at({1, 0})) == Approx(y.at({1, 0})));
    const Tensor dl = gradient_of(logarithm, x);
    REQUIRE(all_finite(dl));
    REQUIRE(all_zero(select(dl, 0, 0)));
    REQUIRE(dl.at({1, 2}) == 0);
  }
}

TEST_CASE("a mask that broadcasts gives what its copies give") {
  Generator generator(3);
  const Tensor x = normal({3, 2, 4, 21}, 0, 2, generator);
  for (const Shape& shape :
       {Shape{21}, Shape{4, 21}, Shape{3, 1, 1, 21}, Shape{3, 1, 4, 1}, Shape{}, Shape{2, 1, 21}}) {
    INFO(shape.str());
    const Tensor mask = array::to(bernoulli(shape, 0.6, generator), boolean);
    const Tensor whole = array::clone(array::expand(mask, x.shape()));
    REQUIRE(equal(softmax(x, -1, mask), softmax(x, -1, whole)));
    REQUIRE(allclose(softmax(x, 1, mask), softmax(x, 1, whole)));
    REQUIRE(equal(softmax(x, -1, whole), softmax(where(whole, x, full({}, NAN)), -1, mask)));
  }
}

TEST_CASE("log_softmax is exact where one entry is far ahead") {
  const Tensor y = log_softmax(tensor({10.f, 0.f}), 0);
  REQUIRE(y.at({0}) == Approx(-std::log1p(std::exp(-10.0))).epsilon(1e-6));
  REQUIRE(y.at({1}) == Approx(-10.0000454).epsilon(1e-7));
  REQUIRE(log_softmax(tensor({1000.f, 0.f}), 0).at({1}) == -1000);
  Tensor x = tensor({10.f, 0.f}, {1, 2}).requires_grad_();
  const Tensor loss = cross_entropy(x, zeros({1}, i64));
  REQUIRE(loss.item() == Approx(std::log1p(std::exp(-10.0))).epsilon(1e-6));
  loss.backward();
  REQUIRE(x.grad().at({0, 0}) == Approx(-1 / (1 + std::exp(10.0))).epsilon(1e-6));
}

TEST_CASE("norm and variance of constant and zero inputs have zero gradient") {  // pytorch#2421, #4320
  for (const double value : {0.0, 3.0}) {
    Tensor x = full({2, 5}, value).requires_grad_();
    const Tensor deviation = norm(x - mean(x, 1, true), 1);
    REQUIRE(all_zero(deviation));
    REQUIRE(all_zero(gradient_of(deviation, x)));
    REQUIRE(all_zero(gradient_of(var(x, 1), x)));
  }
  Tensor zero = zeros({4}).requires_grad_();
  REQUIRE(norm(zero).item() == 0);
  REQUIRE(all_zero(gradient_of(norm(zero), zero)));
}

TEST_CASE("norm neither overflows nor underflows") {
  REQUIRE(norm(tensor({3e20f, 4e20f})).item() == Approx(5e20));
  REQUIRE(norm(tensor({3e-30f, 4e-30f})).item() == Approx(5e-30));
}

TEST_CASE("cosine of zero vectors is 0 with finite gradients") {  // burn#5584
  for (const double eps : {1e-8, 1e-30}) {
    Tensor a = zeros({2, 3}).requires_grad_(), b = zeros({2, 3}).requires_grad_();
    const Tensor y = cosine_similarity(a, b, 1, eps);
    REQUIRE(all_zero(y));
    REQUIRE(all_finite(gradient_of(y, a)));
  }
}

TEST_CASE("layer_norm of neighbours far from zero") {  // burn#5607
  const Tensor x = tensor({40000.f, 40001.f, 40002.f, 40003.f});
  const Tensor y = layer_norm(x, Tensor(), Tensor());
  for (int64_t i = 0; i < 4; ++i)
    REQUIRE(y.at({i}) == Approx((static_cast<double>(i) - 1.5) / std::sqrt(1.25 + 1e-5)).epsilon(1e-6));
  const Tensor uneven = layer_norm(tensor({40000.f, 40001.f, 40001.f}), Tensor(), Tensor(), 0);
  REQUIRE(uneven.at({0}) == Approx(-std::sqrt(2.0)).epsilon(1e-6));
  REQUIRE(all_zero(layer_norm(full({3, 7}, 0.1), Tensor(), Tensor())));
  // Squares of these do not fit f32; the result does.
  const Tensor large = layer_norm(tensor({1e25f, -2e25f, 4e25f}), Tensor(), Tensor());
  REQUIRE(large.at({0}) == Approx(0).margin(1e-6));
  REQUIRE(large.at({2}) == Approx(3 / std::sqrt(6.0)).epsilon(1e-6));
  REQUIRE(std::isnan(layer_norm(tensor({1.f, INFINITY}), Tensor(), Tensor()).at({0})));
}

TEST_CASE("rms_norm of what has no squares in f32") {
  Tensor x = tensor({3e25f, -4e25f, 0.f, 0.f}).requires_grad_(), w = tensor({1.f, 2.f, 3.f, 4.f}).requires_grad_();
  const Tensor y = rms_norm(x, w);
  REQUIRE(y.at({0}) == Approx(1.2).epsilon(1e-6));
  REQUIRE(y.at({1}) == Approx(-3.2).epsilon(1e-6));
  y.backward(tensor({1.f, 1.f, 1.f, 1.f}));
  // u = w, h = (1.2, -1.6, 0, 0), mean(u h) = -0.5: dx = (u - h mean(u h)) / 2.5e25.
  REQUIRE(x.grad().at({0}) == Approx(1.6 / 2.5e25).epsilon(1e-6));
  REQUIRE(x.grad().at({1}) == Approx(1.2 / 2.5e25).epsilon(1e-6));
  REQUIRE(x.grad().at({3}) == Approx(4 / 2.5e25).epsilon(1e-6));
  REQUIRE(w.grad().at({1}) == Approx(-1.6).epsilon(1e-6));
  REQUIRE(all_zero(rms_norm(zeros({2, 3}))));
  REQUIRE(std::isnan(rms_norm(tensor({1.f, INFINITY})).at({1})));
}

TEST_CASE("nothing to reduce") {
  const Tensor none = zeros({0, 3});
  REQUIRE(sum(none).item() == 0);
  REQUIRE(std::isnan(mean(none).item()));
  REQUIRE(all_zero(sum(none, 0)));
  REQUIRE(sum(none, 1).numel() == 0);
  REQUIRE(logsumexp(none, 0).at({1}) == -kInf);
  REQUIRE(norm(none).item() == 0);
  REQUIRE(std::isnan(var(ones({1})).item()));
  REQUIRE(softmax(none, 0).numel() == 0);
  REQUIRE_THROWS_AS(max(none, 0), ShapeError);
}

TEST_CASE("a loss without targets that count is 0 with zero gradient") {
  Tensor x = tensor({kNaN, 1.f, 2.f, 3.f}, {2, 2}).requires_grad_();
  const Tensor loss = cross_entropy(x, full({2}, -100, i64));
  REQUIRE(loss.item() == 0);
  loss.backward();
  REQUIRE(all_zero(x.grad()));
  REQUIRE(mse_loss(zeros({0}), zeros({0})).item() == 0);
  REQUIRE(nll_loss(zeros({0, 3}), zeros({0}, i64)).item() == 0);
  for (const Reduction reduction : {Reduction::none, Reduction::sum}) {  // no classes
    Tensor none = zeros({2, 0}).requires_grad_();
    const Tensor losses = cross_entropy(none, zeros({2, 0}), {.reduction = reduction});
    REQUIRE(all_zero(losses));
    sum(losses).backward();
    REQUIRE(none.grad().shape() == Shape{2, 0});
  }
}

TEST_CASE("an ignored row that holds NaN leaves the others alone") {
  Tensor x = tensor({kNaN, kNaN, 1.f, 2.f}, {2, 2}).requires_grad_();
  const Tensor loss = cross_entropy(x, tensor<int64_t>({-100, 1}));
  REQUIRE(loss.item() == Approx(std::log1p(std::exp(-1.0))));
  loss.backward();
  REQUIRE(all_finite(x.grad()));
  REQUIRE(all_zero(select(x.grad(), 0, 0)));
}

TEST_CASE("ties of max and min share the gradient evenly") {
  Tensor x = tensor({2.f, 5.f, 5.f, 1.f, 1.f, 1.f}, {2, 3}).requires_grad_();
  sum(max(x, 1)).backward();
  REQUIRE(equal(x.grad(), tensor({0.f, 0.5f, 0.5f, 1 / 3.f, 1 / 3.f, 1 / 3.f}, {2, 3})));
}

TEST_CASE("NaN wins max and min, infinities stay infinite") {
  for (const int64_t n : {3, 70, 300}) {
    Tensor x = zeros({n});
    x.set({n - 2}, NAN);
    REQUIRE(std::isnan(max(x).item()));
    REQUIRE(std::isnan(min(x).item()));
    REQUIRE(argmax(x, 0).item<int64_t>() == n - 2);
    REQUIRE(std::isnan(max(expand(unsqueeze(x, 1), {n, 5}), 0).at({4})));
  }
  REQUIRE(logsumexp(tensor({-kInf, -kInf}), 0).item() == -kInf);
  REQUIRE(logsumexp(tensor({kInf, 0.f}), 0).item() == kInf);
  Tensor x = full({2}, -INFINITY).requires_grad_();
  REQUIRE(all_zero(gradient_of(logsumexp(x, 0), x)));
}

TEST_CASE("whole numbers and bools") {
  REQUIRE(sum(arange(100)).item<int64_t>() == 4950);
  REQUIRE(sum(gt(arange(10), full({}, 6, i64))).item<int64_t>() == 3);
  REQUIRE(equal(max(reshape(arange(6), {2, 3}), 1), tensor<int64_t>({2, 5})));
  REQUIRE(min(arange(3)).item<int64_t>() == 0);
  REQUIRE(argmin(tensor<int64_t>({4, 2, 2}), 0).item<int64_t>() == 1);
  const int64_t large = (int64_t{1} << 60) + 1;
  REQUIRE(sum(tensor<int64_t>({large, -1})).item<int64_t>() == large - 1);
}

TEST_CASE("long sums keep their digits, in every direction") {
  const int64_t n = 1 << 22;
  const Tensor tenths = full({n}, 0.1);
  const double exact = static_cast<double>(0.1f) * static_cast<double>(n);
  const double bar = 64 * 0x1p-24;  // 64 roundings in f32, then double
  REQUIRE(sum(tenths).item() == Approx(exact).epsilon(bar));
  for (const Shape& shape : {Shape{n / 2, 2}, Shape{2, n / 2}, Shape{n / 256, 256}}) {
    INFO(shape.str());
    const Tensor x = array::reshape(tenths, shape);
    REQUIRE(sum(x, 0).at({1}) == Approx(exact / static_cast<double>(shape[1])).epsilon(bar));
    REQUIRE(sum(x, 1).at({1}) == Approx(exact / static_cast<double>(shape[0])).epsilon(bar));
  }
}

TEST_CASE("reductions of every kind of layout agree with a plain loop") {
  Generator generator(8);
  const Tensor x = normal({3, 4, 5, 6}, 0, 1, generator, f64);
  for (const Shape& order : {Shape{0, 1, 2, 3}, Shape{3, 2, 1, 0}, Shape{1, 3, 0, 2}})
    for (unsigned reduced = 1; reduced < 16; ++reduced) {
      const Tensor view = array::slice(array::permute(x, order), 1, 1, 100, 2);
      Dims dims;
      Shape result = view.shape();
      for (int d = 0; d < 4; ++d)
        if (((reduced >> d) & 1u) != 0) {
          dims.list.append(d);
          result[d] = 1;
        }
      Tensor expected = zeros(result, f64);
      for (int64_t i = 0; i < view.numel(); ++i) {
        Shape at = view.shape();
        for (int64_t d = 3, rest = i; d >= 0; rest /= view.size(d), --d) at[static_cast<int>(d)] = rest % view.size(d);
        const auto to = [&](int d) { return result[d] == 1 ? 0 : at[d]; };
        expected.set({to(0), to(1), to(2), to(3)},
                     expected.at({to(0), to(1), to(2), to(3)}) + view.at({at[0], at[1], at[2], at[3]}));
      }
      INFO(order.str() << " over " << dims.list.str());
      REQUIRE(allclose(sum(view, dims, true), expected, 1e-12, 1e-12));
    }
}

TEST_CASE("dropout keeps what it should, scaled, and the same elements in the gradient") {
  Generator first(7), second(7);
  Tensor x = ones({100, 100}).requires_grad_();
  const Tensor y = dropout(x, 0.3, first);
  REQUIRE(equal(y, dropout(x, 0.3, second)));
  REQUIRE(first.counter() == second.counter());
  REQUIRE_FALSE(equal(y, dropout(x, 0.3, second)));
  const double kept = sum(ne(y.detach(), scalar(0))).item<double>() / 1e4;
  REQUIRE(std::abs(kept - 0.7) < 0.02);
  REQUIRE(max(y).item() == Approx(1 / 0.7));
  sum(y).backward();
  REQUIRE(equal(x.grad(), y.detach()));
  REQUIRE(dropout(x, 0, first).is_same(x));
  REQUIRE(all_zero(dropout(full({3}, NAN), 1, first)));
}

TEST_CASE("the same bits for any number of threads", "[threads]") {
  Generator generator(4);
  const Tensor x = normal({300, 700}, 0, 1, generator), w = ones({700}), ids = randint({300}, 0, 700, generator);
  const auto run = [&](int threads) {
    const Threads of(threads);
    Tensor leaf = array::clone(x).requires_grad_(), weight = array::clone(w).requires_grad_();
    Generator drop(1);
    std::vector<Tensor> out{sum(x), sum(x, 0), mean(x, 1), norm(x), max(x, 0), logsumexp(x, 1), softmax(x, 0)};
    const Tensor y = softmax(dropout(layer_norm(leaf, weight, weight), 0.2, drop), -1);
    out.push_back(cross_entropy(y, ids));
    for (const Tensor& d : grad(out.back(), {leaf, weight})) out.push_back(d);
    return out;
  };
  const auto expected = run(1);
  for (const int threads : {2, 4, 7}) {
    INFO(threads << " threads");
    const auto found = run(threads);
    for (size_t i = 0; i < found.size(); ++i) REQUIRE(equal(found[i].detach(), expected[i].detach()));
  }
}

TEST_CASE("softmax over any dimension has the bits of softmax over the last one", "[softmax]") {
  Generator generator(8);
  for (const DType dtype : {f32, f64})
    for (const Shape& shape : {Shape{2, 33, 19}, Shape{5, 40}, Shape{1, 70, 3}, Shape{3, 1, 4}})
      for (int64_t d = 0; d < shape.rank(); ++d)
        for (const bool masked : {false, true})
          for (const auto f : {softmax, log_softmax}) {
            const auto last = [d](const Tensor& t) { return t.defined() ? clone(transpose(t, d, -1)) : t; };
            const Tensor g = uniform(shape, -1, 1, generator, dtype), values = uniform(shape, -5, 5, generator, dtype);
            const Tensor mask = masked ? lt(uniform(shape, 0, 1, generator), scalar(0.6, f32)) : Tensor();
            Tensor x = clone(values), other = last(values);
            x.requires_grad_();
            other.requires_grad_();
            const Tensor y = f(x, d, mask), expected = f(other, -1, last(mask));
            REQUIRE(y.is_contiguous());
            REQUIRE(equal(last(y), expected));
            const Tensor dx = grad(y, {x}, {.grad_outputs = {g}})[0];
            REQUIRE(equal(last(dx), grad(expected, {other}, {.grad_outputs = {last(g)}})[0]));
          }
}
