// The one test of every op: walks the registry of op specs (autograd/op_spec.h). Pick one with -c NAME.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <tests/autograd/input_classes.h>
#include <tests/catch.h>

#include <algorithm>
#include <cmath>

using namespace fovea;

namespace {

std::vector<Tensor> map_inputs(const OpSample& sample, const std::function<Tensor(const Tensor&)>& change) {
  std::vector<Tensor> out;
  for (const Tensor& x : sample.inputs) out.push_back(x.dtype() == f64 ? change(x) : x);
  return out;
}

std::vector<Tensor> leaves(const OpSample& sample) {
  return map_inputs(sample, [](const Tensor& x) { return array::clone(x).requires_grad_(); });
}

bool has_leaf(const OpSample& sample) {
  return std::any_of(sample.inputs.begin(), sample.inputs.end(), [](const Tensor& x) { return x.dtype() == f64; });
}

// Largest difference, with equal infinities and NaN in the same places counting as equal.
double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const Tensor x = array::contiguous(array::to(a, f64)), y = array::contiguous(array::to(b, f64));
  double worst = 0;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double p = x.data<double>()[i], q = y.data<double>()[i];
    if (p == q || (std::isnan(p) && std::isnan(q))) continue;
    worst = std::isfinite(p) && std::isfinite(q) ? std::max(worst, std::abs(p - q)) : INFINITY;
  }
  return worst;
}

double largest(const Tensor& a) {
  double most = 1;
  const Tensor x = array::contiguous(array::to(a, f64));
  for (int64_t i = 0; i < x.numel(); ++i)
    if (std::isfinite(x.data<double>()[i])) most = std::max(most, std::abs(x.data<double>()[i]));
  return most;
}

// The same values with other strides: transposed storage, or a window in a larger array with an offset.
Tensor as_transposed(const Tensor& x) {
  if (x.dim() < 2) return x;
  return array::transpose(array::clone(array::transpose(x, 0, -1)), 0, -1);
}
Tensor as_window(const Tensor& x) {
  if (x.dim() < 1) return x;
  Shape larger = x.shape();
  for (int i = 0; i < larger.rank(); ++i) larger[i] = 2 * larger[i] + 1;
  Tensor window = full(larger, NAN, x.dtype());
  for (int i = 0; i < larger.rank(); ++i) window = array::slice(window, i, 1, larger[i], 2);
  array::copy(window, x);
  return window;
}

// The first slice along the first dimension that has more than one, in the place of all.
Tensor as_repeated(const Tensor& x) {
  for (int d = 0; d < x.dim(); ++d)
    if (x.shape()[d] > 1) return array::expand(array::slice(x, d, 0, 1), x.shape());
  return x;
}

struct ValuesAndGradients {
  Tensor y;
  std::vector<Tensor> gradients;
};

ValuesAndGradients evaluate(const OpSample& sample, const std::vector<Tensor>& inputs) {
  ValuesAndGradients out{sample.call(inputs), {}};
  if (!sample.differentiable || !out.y.requires_grad()) return out;
  Generator generator(3);
  const Tensor cotangent = uniform(out.y.shape(), -1, 1, generator, out.y.dtype());
  std::vector<Tensor> on_tape;
  for (const Tensor& x : inputs)
    if (x.requires_grad()) on_tape.push_back(x);
  out.gradients = grad({out.y}, on_tape, {.allow_unused = true, .grad_outputs = {cotangent}});
  return out;
}

void require_same(const ValuesAndGradients& a, const ValuesAndGradients& b, double tolerance) {
  REQUIRE(difference(a.y, b.y) <= tolerance * largest(b.y));
  REQUIRE(a.gradients.size() == b.gradients.size());
  for (size_t i = 0; i < a.gradients.size(); ++i) {
    INFO("gradient of input " << i);
    REQUIRE(a.gradients[i].defined() == b.gradients[i].defined());
    if (a.gradients[i].defined())
      REQUIRE(difference(a.gradients[i], b.gradients[i]) <= tolerance * largest(b.gradients[i]));
  }
}

void check_gradients(const OpSpec& spec, const OpSample& sample) {
  const TensorFunction f = [&](const std::vector<Tensor>& x) { return std::vector<Tensor>{sample.call(x)}; };
  const GradcheckResult first = gradcheck(f, leaves(sample), {.rtol = spec.rtol, .atol = spec.atol});
  INFO(first.message);
  REQUIRE(first.ok);
  if (!spec.second_derivative) return;
  const GradcheckResult second = gradgradcheck(f, leaves(sample));
  INFO(second.message);
  REQUIRE(second.ok);
}

// The gradient of one input is the same where the others are constants: what a vjp leaves out nobody misses.
void check_alone(const OpSample& sample, const ValuesAndGradients& expected) {
  size_t number = 0;
  for (size_t i = 0; i < sample.inputs.size() && !expected.gradients.empty(); ++i) {
    if (sample.inputs[i].dtype() != f64) continue;
    INFO("input " << i << " alone");
    std::vector<Tensor> inputs = sample.inputs;
    inputs[i] = array::clone(inputs[i]).requires_grad_();
    const ValuesAndGradients alone = evaluate(sample, inputs);
    const Tensor& wanted = expected.gradients[number++];
    REQUIRE(alone.y.requires_grad() == wanted.defined());
    if (wanted.defined()) require_same(alone, {expected.y, {wanted}}, 1e-12);
  }
}

// Where inputs lie with stride 0 the result is that of a dense copy.
void check_repeated(const OpSample& sample) {
  INFO("stride 0");
  const auto repeated = map_inputs(sample, [](const Tensor& x) { return as_repeated(x).detach().requires_grad_(); });
  const auto dense = map_inputs(sample, [](const Tensor& x) { return array::clone(as_repeated(x)).requires_grad_(); });
  require_same(evaluate(sample, repeated), evaluate(sample, dense), 1e-12);
}

// One tensor for two inputs of one shape: its gradient is the sum of theirs.
void check_twice(const OpSample& sample) {
  for (size_t j = 1; j < sample.inputs.size(); ++j)
    for (size_t i = 0; i < j; ++i) {
      if (!test::alike(sample.inputs[i], sample.inputs[j])) continue;
      INFO("the same tensor as inputs " << i << " and " << j);
      std::vector<Tensor> two = sample.inputs, one = sample.inputs;
      two[i] = array::clone(one[i]).requires_grad_();
      two[j] = array::clone(one[i]).requires_grad_();
      one[i] = one[j] = array::clone(one[i]).requires_grad_();
      const ValuesAndGradients apart = evaluate(sample, two);
      ValuesAndGradients together{sample.call(one), {}};
      REQUIRE(difference(together.y, apart.y) == 0);
      if (apart.gradients.empty()) continue;
      Tensor expected;
      for (const Tensor& part : apart.gradients)
        if (part.defined()) expected = expected.defined() ? expected + part : part;
      const Tensor found = evaluate(sample, one).gradients[0];
      REQUIRE(difference(found, expected) <= 1e-12 * largest(expected));
    }
}

// Far out, where exponentials saturate.
void check_extreme(const OpSpec& spec, const OpSample& sample) {
  if (test::elements(sample) > test::kFewElements) return;
  INFO("extreme values");
  const OpSample far{sample.label, map_inputs(sample, [](const Tensor& x) { return x.detach() * test::kFarther; }),
                     sample.call};
  const TensorFunction f = [&](const std::vector<Tensor>& x) { return std::vector<Tensor>{sample.call(x)}; };
  const GradcheckResult result = gradcheck(f, leaves(far), {.rtol = spec.rtol, .atol = spec.atol});
  INFO(result.message);
  REQUIRE(result.ok);
}

void check_sample(const OpSpec& spec, const OpSample& sample) {
  const ValuesAndGradients expected = evaluate(sample, leaves(sample));
  check_alone(sample, expected);
  if (sample.differentiable && has_leaf(sample)) {
    check_gradients(spec, sample);
    check_extreme(spec, sample);
  }
  check_repeated(sample);
  check_twice(sample);
  {
    INFO("f32 against f64");
    const Tensor y = sample.call(map_inputs(sample, [](const Tensor& x) { return array::to(x, f32); }));
    REQUIRE(difference(y, expected.y) <= spec.f32_rtol * largest(expected.y));
  }
  for (Tensor (*relay)(const Tensor&) : {as_transposed, as_window}) {
    INFO("another layout");
    require_same(
        evaluate(sample, map_inputs(sample, [&](const Tensor& x) { return relay(x).detach().requires_grad_(); })),
        expected, 1e-12);
  }
  {
    INFO("the plain formula");
    const ReferenceMode plain;
    require_same(evaluate(sample, leaves(sample)), expected, 1e-11);
  }
}

}  // namespace

TEST_CASE("every op, by its spec", "[specs]") {
  REQUIRE(op_specs().size() >= 10);
  for (const OpSpec& spec : op_specs()) {
    DYNAMIC_SECTION(spec.name) {
      INFO(spec.name << ": " << spec.formula);
      SampleMaker make(11);
      const std::vector<OpSample> samples = spec.samples(make);
      CHECK(test::missing_classes(spec, samples) == "");
      for (const OpSample& sample : samples) {
        INFO("sample: " << sample.label);
        check_sample(spec, sample);
      }
    }
  }
}

TEST_CASE("samples that leave out a class of inputs are told which", "[specs]") {
  SampleMaker make(1);
  const SampleCall call = [](const std::vector<Tensor>& x) { return x[0]; };
  const OpSpec any{.name = "any"}, no_scalar{.name = "no scalar", .invalid = {{"scalar", [] {}}}};
  CHECK(test::missing_classes(any, elementwise_samples(make, call, 2, -1, 1)) == "");
  CHECK(test::missing_classes(any, layout_samples(make, call, -1, 1)) == "scalar");
  CHECK(test::missing_classes(no_scalar, layout_samples(make, call, -1, 1)) == "");
  const OpSample one{"one", {make.uniform({}, -1, 1)}, call};
  CHECK(test::missing_classes(any, {one}) ==
        "1-D, 4-D, size-1 dimension, no elements, transposed, sliced with an offset, stride 0");
  const OpSample rows{"rows", {make.uniform({20, 12}, -1, 1), make.uniform({12}, -1, 1)}, call};
  CHECK(test::missing_classes(no_scalar, {rows}) ==
        "4-D, size-1 dimension, column broadcast, no elements, same tensor twice, extreme values");
}

TEST_CASE("every invalid call throws and names its op", "[specs]") {
  for (const OpSpec& spec : op_specs()) {
    DYNAMIC_SECTION(spec.name) {
      const std::string base = spec.name.substr(0, spec.name.find("_scalar"));
      REQUIRE(!spec.invalid.empty());
      for (const InvalidCall& invalid : spec.invalid) {
        INFO(spec.name << ": " << invalid.label);
        REQUIRE_THROWS_AS(invalid.call(), Error);
        REQUIRE_THROWS_WITH(invalid.call(), test::contains(base));
      }
    }
  }
}
