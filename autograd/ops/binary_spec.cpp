// The op specs of binary.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

OpSpec binary_spec(std::string name, std::string formula, Tensor (*f)(const Tensor&, const Tensor&), double low,
                   double high, std::vector<std::string> also = {}) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.also_records = std::move(also);
  spec.samples = [=](SampleMaker& make) {
    return elementwise_samples(
        make, [f](const std::vector<Tensor>& x) { return f(x[0], x[1]); }, 2, low, high);
  };
  spec.invalid = {
      {"shapes do not broadcast",
       [f] {
         f(ones({2, 3}), ones({2, 4}));
       }},
      {"f32 with f64", [f] { f(ones({2}), ones({2}, f64)); }},
      {"bool", [f] { f(ones({2}, boolean), ones({2}, boolean)); }},
      {"undefined", [f] { f(ones({2}), Tensor()); }},
  };
  return spec;
}

// minimum and maximum have a kink where the operands meet: the second operand keeps away from the first.
OpSpec choose_spec(std::string name, std::string formula, Tensor (*f)(const Tensor&, const Tensor&)) {
  OpSpec spec = binary_spec(std::move(name), std::move(formula), f, 0.5, 2);
  spec.second_derivative = false;
  spec.samples = [f](SampleMaker& make) {
    const SampleCall apart = [f](const std::vector<Tensor>& x) { return f(x[0], 1.25 - x[1] * 3.0); };
    std::vector<OpSample> samples;
    for (OpSample& sample : elementwise_samples(make, apart, 2, 0.5, 0.6))
      if (sample.label != "the same tensor twice") samples.push_back(std::move(sample));
    const SampleCall plain = [f](const std::vector<Tensor>& x) { return f(x[0], x[1]); };
    samples.push_back({"distinct", {make.distinct({4, 5}), make.distinct({4, 5}) + 0.02}, plain});
    return samples;
  };
  return spec;
}

OpSpec scalar_spec(const std::string& name, std::string formula, Tensor (*f)(const Tensor&, double), double value) {
  OpSpec spec;
  spec.name = name + "_scalar";
  spec.formula = std::move(formula);
  spec.samples = [=](SampleMaker& make) {
    return elementwise_samples(
        make, [=](const std::vector<Tensor>& x) { return f(x[0], value); }, 1, 0.3, 2);
  };
  spec.invalid = {{"undefined", [f, value] { f(Tensor(), value); }}};
  return spec;
}

const OpSpec add_spec = OpSpec::add(binary_spec("add", "y = a + b", add, -2, 2));
const OpSpec sub_spec = OpSpec::add(binary_spec("sub", "y = a - b", sub, -2, 2));
const OpSpec mul_spec = OpSpec::add(binary_spec("mul", "y = a b", mul, -2, 2));
const OpSpec div_spec = OpSpec::add(binary_spec("div", "y = a / b", div, 0.5, 2));
const OpSpec pow_spec = OpSpec::add(binary_spec("pow", "y = a^b", pow, 0.5, 2));
const OpSpec minimum_spec = OpSpec::add(choose_spec("minimum", "y = min(a, b)", minimum));
const OpSpec maximum_spec = OpSpec::add(choose_spec("maximum", "y = max(a, b)", maximum));
const OpSpec add_scalar_spec = OpSpec::add(scalar_spec("add", "y = a + c", add, 0.7));
const OpSpec mul_scalar_spec = OpSpec::add(scalar_spec("mul", "y = c a", mul, -1.3));
const OpSpec div_scalar_spec = OpSpec::add(scalar_spec("div", "y = a / c", div, -1.7));
const OpSpec pow_scalar_spec = OpSpec::add(scalar_spec("pow", "y = a^c", pow, 1.7));

}  // namespace
}  // namespace fovea
