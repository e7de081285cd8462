// Paths that no sample of an op spec takes, for their size or their values; refusals of what has no spec; and how
// gradcheck and plain_vjp treat inputs and outputs that are not on the tape.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/autograd/score_function.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

#include <limits>

using namespace fovea;
using test::contains;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Tensors = std::vector<Tensor>;

Tensor random(const Shape& shape, uint64_t seed, double low = -1, double high = 1) {
  Generator generator(seed);
  return uniform(shape, low, high, generator, f64);
}

// The op and its plain formula agree in value and gradients.
void require_formula(const TensorFunction& f, const Tensors& inputs) {
  const auto run = [&] {
    Tensors leaves;
    for (const Tensor& x : inputs) leaves.push_back(array::clone(x).requires_grad_());
    const Tensor y = f(leaves)[0];
    Tensors all{y.detach()};
    for (const Tensor& g : grad({y}, leaves, {.grad_outputs = {random(y.shape(), 77)}})) all.push_back(g);
    return all;
  };
  const Tensors fused = run();
  const ReferenceMode plain;
  const Tensors formula = run();
  for (size_t i = 0; i < fused.size(); ++i) {
    INFO("value, then gradients: " << i);
    REQUIRE(all(isfinite(fused[i])));
    REQUIRE(allclose(fused[i], formula[i], 1e-9, 1e-11));
  }
}

}  // namespace

TEST_CASE("attention over many keys of one head: its parts add up to the formula", "[sdpa]") {
  for (const bool causal : {false, true})
    for (const int64_t queries : {1, 5}) {
      const SdpaOptions options{.causal = causal, .offset = 700};
      require_formula(
          [&](const Tensors& x) { return Tensors{scaled_dot_product_attention(x[0], x[1], x[2], options)}; },
          {random({1, 1, queries, 3}, 1), random({1, 1, 1300, 3}, 2), random({1, 1, 1300, 2}, 3)});
    }
}

TEST_CASE("attention: NaN in any operand reaches the queries that see it, and no other", "[sdpa]") {
  for (const int operand : {0, 1, 2})
    for (const double bad : {kNaN, kInf}) {
      Tensors x{random({1, 1, 3, 2}, 1), random({1, 1, 3, 2}, 2), random({1, 1, 3, 2}, 3)};
      const Tensor clean = scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true});
      x[static_cast<size_t>(operand)].set({0, 0, 1, 0}, bad);
      INFO("operand " << operand << " holds " << bad);
      const auto non_finite = [&](const Tensor& y, int64_t query) { return !all(isfinite(select(y, 2, query))); };
      for (const bool fused : {true, false}) {
        const Tensor y = fused ? scaled_dot_product_attention(x[0], x[1], x[2], {.causal = true})
                               : plain_sdpa(x[0], x[1], x[2], {.causal = true}).context;
        CHECK(allclose(select(y, 2, 0), select(clean, 2, 0), 1e-12));
        CHECK(non_finite(y, 1));
        CHECK(non_finite(y, 2) == (operand != 0));
      }
      const Tensor mask = tensor({true, false, true});  // key 1 may not be attended
      const Tensor y = scaled_dot_product_attention(x[0], x[1], x[2], {.mask = mask});
      CHECK(non_finite(y, 1) == (operand == 0));
      CHECK_FALSE(non_finite(y, 0));
    }
}

TEST_CASE("the memory's ops beyond the sizes of the fused kernel, and with none at all", "[ntm]") {
  const auto address = [](const Tensors& x) { return Tensors{ntm_address(x[0], x[1], softmax(x[2], -1))}; };
  const auto sizes = [&](int64_t heads, int64_t slots, int64_t width, int64_t shifts) {
    INFO(slots << " slots of " << width << ", " << shifts << " shifts");
    require_formula(address, {random({2, heads, width + shifts + 3}, 1), random({2, width, slots}, 2),
                              random({2, heads, slots}, 3)});
  };
  sizes(1, 3, 512, 3);
  sizes(1, 3, 513, 3);
  sizes(1, 5, 2, 65);
  sizes(2, 128, 50, 3);  // work for a thread of its own
  sizes(1, 3, 0, 3);
  require_formula([](const Tensors& x) { return Tensors{ntm_read(x[0], x[1])}; },
                  {random({2, 64, 90}, 1), random({2, 3, 90}, 2)});
}

TEST_CASE("a class of probability 0 counts for nothing, however unlikely it is", "[loss]") {
  const Tensor x = tensor({0., -kInf, 0.}, {1, 3}).requires_grad_(), q = tensor({0.5, 0., 0.5}, {1, 3});
  const Tensor y = cross_entropy(x, q);
  CHECK(y.item() == test::Approx(std::log(2.0)));
  y.backward();
  CHECK(allclose(x.grad(), zeros({1, 3}, f64)));
  CHECK(cross_entropy(to(x.detach(), f32), to(q, f32)).item() == test::Approx(std::log(2.0)));
}

TEST_CASE("second derivatives by one operand while the other is constant", "[specs]") {
  const Tensor w = random({2, 5}, 1), s = random({2, 3}, 2);
  for (const bool first : {true, false}) {
    const TensorFunction f = [&](const Tensors& x) {
      return Tensors{square(first ? circular_convolution(x[0], s) : circular_convolution(w, x[0]))};
    };
    const GradcheckResult result = gradgradcheck(f, {(first ? w : s).detach().requires_grad_()});
    INFO(result.message);
    CHECK(result.ok);
  }
  // d/dw of <c, dy/ds>, y = w * s being linear in both and c constant: the gradient of the correlation of 1 and w.
  const Tensor weights = w.detach().requires_grad_(), shifts = s.detach().requires_grad_();
  const Tensor g = grad(sum(circular_convolution(weights, shifts)), {shifts}, {.create_graph = true})[0];
  CHECK(allclose(grad(sum(g), {weights})[0], full({2, 5}, 3, f64)));
}

TEST_CASE("a sequence whose weights are constants", "[recurrent]") {
  const Tensor ih = random({8, 3}, 1), hh = random({8, 2}, 2), x = random({3, 4, 3}, 3);
  const auto lstm = [&](const Tensors& in) {
    return Tensors{lstm_sequence(in[0], {}, {}, {ih, hh, {}, {}}, {.lengths = tensor<int64_t>({4, 0, 2})}).output};
  };
  require_formula(lstm, {x});
  const auto cell_alone = [&](const Tensors& in) {
    return Tensors{lstm_sequence(in[0], {}, {}, {ih, hh, {}, {}}, {.reverse = true, .lengths = {}}).cell};
  };
  require_formula(cell_alone, {x});
}

TEST_CASE("what has no spec refuses what it cannot use, by name", "[specs]") {
  CHECK_THROWS_AS(clamp(ones({2}), 2, 1), ValueError);
  CHECK_THROWS_WITH(clamp(ones({2}), 2, 1), contains("clamp: bounds [2, 1]"));
  CHECK_THROWS_AS(clamp(ones({2}), kNaN, 1), ValueError);
  CHECK_THROWS_WITH(MovingBaseline(-0.1), contains("MovingBaseline: decay"));
  CHECK_THROWS_AS(MovingBaseline(kNaN), ValueError);
  CHECK_THROWS_AS(MovingBaseline(0.5, -1), ValueError);
  MovingBaseline per_step(0.5, 2);
  CHECK_THROWS_AS(per_step(ones({4, 3})), ShapeError);
  CHECK_THROWS_WITH(per_step(ones({4, 3})), contains("MovingBaseline: reward is f32[4, 3]; need [B, 2]"));
  CHECK_THROWS_WITH(leave_one_out(scalar(1)), contains("leave_one_out: reward is"));
  CHECK(reward_to_go(ones({3, 0})).shape() == Shape{3, 0});
  CHECK_THROWS_WITH(baseline_loss(ones({2}), ones({3})), contains("baseline_loss: "));
}

TEST_CASE("gradcheck: outputs and inputs that are not on the tape", "[gradcheck]") {
  const Tensor x = random({3}, 1).requires_grad_(), large = random({300}, 2).requires_grad_();
  const TensorFunction mixed = [](const Tensors& in) { return Tensors{arange(3), ones({2}, f64), in[1] * in[1]}; };
  CHECK(gradcheck(mixed, {Tensor(), x}).ok);
  CHECK(gradgradcheck(mixed, {Tensor(), x}).ok);
  const GradcheckResult none = gradcheck([](const Tensors& in) { return Tensors{in[0].detach()}; }, {x});
  CHECK_FALSE(static_cast<bool>(none));
  CHECK_THAT(none.message, contains("no output is on the tape"));
  const GradcheckResult constants =
      gradcheck([](const Tensors& in) { return Tensors{in[0]}; }, {x.detach(), arange(3)});
  CHECK_THAT(constants.message, contains("no f64 input requires gradients"));
  CHECK_THROWS_WITH(gradcheck({}, {x}), contains("gradcheck: the function is empty"));
  CHECK_THROWS_WITH(gradgradcheck({}, {x}), contains("gradgradcheck: the function is empty"));
  const GradcheckResult wrong = gradcheck(
      [](const Tensors& in) {
        return Tensors{record("test_wrong", {in[0]}, array::clone(in[0]), [](const Tensor& g) { return g * 1.001; })};
      },
      {large});
  CHECK_FALSE(wrong.ok);
  CHECK_THAT(wrong.message, contains("random direction 0"));
}

TEST_CASE("plain_vjp: what is not on the tape has no gradient", "[tape]") {
  const Tensor x = ones({2}, f64).requires_grad_(), constant = ones({2}, f64), g = full({2}, 3, f64);
  const auto formula = [&](std::span<const Tensor> in) { return Tensors{in[0] * 2.0, constant, in[1] * 5.0}; };
  const Tensors inputs{x, constant, Tensor()};
  Tensors found = plain_vjp(formula, inputs, Tensors{g, g, g});
  REQUIRE(found.size() == 3);
  CHECK(equal(found[0].detach(), full({2}, 6, f64)));
  CHECK_FALSE(found[1].defined());
  CHECK_FALSE(found[2].defined());
  found = plain_vjp(formula, inputs, Tensors{Tensor(), g, g});  // only outputs that do not depend on x are asked for
  CHECK_FALSE(found[0].defined());
  // The formula reaches a leaf of its own, but no input wants a gradient.
  found = plain_vjp([&](std::span<const Tensor> in) { return Tensors{in[0] * x}; }, Tensors{constant}, Tensors{g});
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].defined());
}

TEST_CASE("softmax of short rows has the bits of any layout", "[softmax]") {
  for (const DType dtype : {f32, f64})
    for (int64_t n = 1; n <= 9; ++n)
      for (const int64_t rows : {1, 3, 16, 37}) {
        Tensor x = to(random({rows, n}, 3, -30, 5), dtype);
        x.set({0, 0}, x.at({rows - 1, n - 1}));
        if (rows > 2) x.set({1, n - 1}, -kInf), x.set({2, 0}, n > 1 ? x.at({2, 1}) : 0);
        if (rows > 3) x.set({3, n / 2}, kNaN), x.set({4, 0}, kInf);
        const Tensor g = to(random({rows, n}, 4), dtype);
        const auto both = [&](const Tensor& values, int64_t dim, const Tensor& cotangent) {
          const Tensor leaf = array::clone(values).requires_grad_();
          const Tensor y = softmax(leaf, dim);
          return std::pair{y.detach(), grad({y}, {leaf}, {.grad_outputs = {cotangent}})[0]};
        };
        const auto [y, dx] = both(x, 1, g);
        const auto [turned, turned_dx] = both(contiguous(transpose(x, 0, 1)), 0, contiguous(transpose(g, 0, 1)));
        CAPTURE(n, rows, dtype);
        CHECK(equal(y, contiguous(transpose(turned, 0, 1))));
        CHECK(equal(dx, contiguous(transpose(turned_dx, 0, 1))));
      }
}

TEST_CASE("the power 0 has gradient 0, at 0 too", "[specs]") {
  const Tensor x = tensor({0., -2., 3.}).requires_grad_(), y = pow(x, 0);
  CHECK(equal(y.detach(), ones({3}, f64)));
  sum(y).backward();
  CHECK(equal(x.grad(), zeros({3}, f64)));
}

// As in PyTorch: a gradient of 0 would hide that a negative base has no logarithm, and that its power may be NaN.
TEST_CASE("the exponent of a negative base has no gradient", "[specs]") {
  const Tensor base = tensor({-2., 0., 2., kNaN}), exponent = tensor({3., 2., 3., 1.}).requires_grad_();
  sum(pow(base, exponent)).backward();
  CHECK(std::isnan(exponent.grad().at({0})));
  CHECK(exponent.grad().at({1}) == 0);
  CHECK(exponent.grad().at({2}) == test::Approx(8 * std::log(2.)));
  CHECK(std::isnan(exponent.grad().at({3})));
}

TEST_CASE("a difference or quotient with a number is named as such", "[specs]") {
  CHECK_THROWS_WITH(arange(2) - 0.5, contains("sub: 0.5 is no whole number"));
  CHECK_THROWS_WITH(0.5 - arange(2), contains("sub: 0.5 is no whole number"));
  CHECK_THROWS_WITH(1.0 - Tensor(), contains("sub: "));
  CHECK_THROWS_WITH(Tensor() - 1.0, contains("sub: "));
  CHECK_THROWS_WITH(0.5 / arange(2), contains("div: need f32 or f64"));
  CHECK_THROWS_WITH(1.0 / Tensor(), contains("div: "));
  CHECK(equal(arange(3) - 2, tensor({-2, -1, 0})));
  CHECK(equal(2 - arange(3), tensor({2, 1, 0})));
}

TEST_CASE("either operand may be the undefined one", "[specs]") {
  for (Tensor (*op)(const Tensor&, const Tensor&) : {add, sub, mul, div, pow, minimum, maximum}) {
    CHECK_THROWS_AS(op(Tensor(), ones({2})), ShapeError);
    CHECK_THROWS_AS(op(ones({2}), Tensor()), ShapeError);
  }
}

TEST_CASE("anomaly mode looks at numbers only; DOT leaves constants out", "[tape]") {
  const AnomalyMode anomaly;
  CHECK(reshape(arange(4), {2, 2}).shape() == Shape{2, 2});
  const Tensor x = ones({2}).requires_grad_();
  const std::string dot = to_dot(x * full({2}, 3));
  CHECK(dot.find(" -> ") == dot.rfind(" -> "));
  CHECK(dot.find(" -> ") != std::string::npos);
}
