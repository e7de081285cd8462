// The op specs of compare.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using BinaryOp = Tensor (*)(const Tensor&, const Tensor&);

OpSpec constant_spec(std::string name, std::string formula, const SampleCall& call, int n,
                     std::vector<InvalidCall> invalid) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [call, n](SampleMaker& make) {
    auto samples = elementwise_samples(make, call, n, -2, 2);
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  spec.invalid = std::move(invalid);
  return spec;
}

std::vector<InvalidCall> misfits(BinaryOp f) {
  return {{"shapes do not broadcast",
           [f] {
             f(ones({2, 3}), ones({2, 4}));
           }},
          {"undefined", [f] { f(ones({2}), Tensor()); }}};
}

OpSpec compare_spec(std::string name, std::string formula, BinaryOp f) {
  OpSpec spec = constant_spec(
      std::move(name), std::move(formula), [f](const Inputs& x) { return f(x[0], x[1]); }, 2, misfits(f));
  spec.invalid.push_back({"f32 with f64", [f] { f(ones({2}), ones({2}, f64)); }});
  return spec;
}

// Small whole numbers are the same in f32 and f64, so that both give one quotient.
OpSpec divide_spec(std::string name, std::string formula, BinaryOp f) {
  OpSpec spec = compare_spec(std::move(name), std::move(formula), f);
  spec.samples = [f](SampleMaker& make) {
    const SampleCall call = [f](const Inputs& x) {
      const DType type = x[0].dtype();
      return f(to(to(x[0] * 20.0, i64), type), to(to(x[1] * 3.0, i64), type) + 0.5);
    };
    auto samples = elementwise_samples(make, call, 2, -2, 2);
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  spec.invalid.push_back({"i64 by 0", [f] { f(arange(3), arange(3)); }});
  spec.invalid.push_back({"bool", [f] { f(ones({2}, boolean), ones({2}, boolean)); }});
  return spec;
}

const OpSpec eq_spec = OpSpec::add(compare_spec("eq", "a == b", eq));
const OpSpec ne_spec = OpSpec::add(compare_spec("ne", "a != b", ne));
const OpSpec lt_spec = OpSpec::add(compare_spec("lt", "a < b", lt));
const OpSpec le_spec = OpSpec::add(compare_spec("le", "a <= b", le));
const OpSpec gt_spec = OpSpec::add(compare_spec("gt", "a > b", gt));
const OpSpec ge_spec = OpSpec::add(compare_spec("ge", "a >= b", ge));
const OpSpec floor_divide_spec = OpSpec::add(divide_spec("floor_divide", "floor(a / b)", floor_divide));
const OpSpec remainder_spec = OpSpec::add(divide_spec("remainder", "a - b floor(a / b)", remainder));

const OpSpec logical_and_spec = OpSpec::add(constant_spec(
    "logical_and", "a and b", [](const Inputs& x) { return logical_and(gt(x[0], x[1]), ne(x[0], x[1])); }, 2,
    misfits(logical_and)));
const OpSpec logical_or_spec = OpSpec::add(constant_spec(
    "logical_or", "a or b", [](const Inputs& x) { return logical_or(gt(x[0], x[1]), x[1]); }, 2, misfits(logical_or)));
const OpSpec logical_not_spec =
    OpSpec::add(constant_spec("logical_not", "not a", [](const Inputs& x) { return logical_not(relu(x[0])); }, 1,
                              {{"undefined", [] { logical_not(Tensor()); }}}));
const OpSpec isfinite_spec =
    OpSpec::add(constant_spec("isfinite", "neither inf nor NaN", [](const Inputs& x) { return isfinite(log(x[0])); }, 1,
                              {{"undefined", [] { isfinite(Tensor()); }}}));

const OpSpec isnan_spec =
    OpSpec::add(constant_spec("isnan", "x is NaN", [](const Inputs& x) { return isnan(log(x[0])); }, 1,
                              {{"undefined", [] { isnan(Tensor()); }}}));
const OpSpec isinf_spec =
    OpSpec::add(constant_spec("isinf", "x is inf or -inf", [](const Inputs& x) { return isinf(log(relu(x[0]))); }, 1,
                              {{"undefined", [] { isinf(Tensor()); }}}));

}  // namespace
}  // namespace fovea
