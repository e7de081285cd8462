// OpSpec: what the generic test needs to know of an op. It stands beside its family, in autograd/ops/<family>_spec.cpp,
// which tests link and no program does (target fovea_specs):
//
//   const OpSpec tanh_spec = OpSpec::add({
//       .name = "tanh", .formula = "y = tanh(x)",
//       .samples = [](SampleMaker& make) { return elementwise_samples(make, [](auto& x) { return tanh(x[0]); }, 1, -2,
//       2); }, .invalid = {{"i64 input", [] { tanh(arange(3)); }}}});
//
// tests/autograd/op_specs.cpp walks all specs: gradcheck and gradgradcheck in f64, f32 against f64, every input re-laid
// (transposed, sliced with an offset, stepped) must give the same, every invalid call throws a fovea::Error that names
// the op. The run fails if an op was taped whose name no spec has in `name` or `also_records`, and if the samples leave
// out a class of inputs (tests/autograd/input_classes.h). A class that the op refuses is an invalid call of that name:
// {"scalar", [] { matmul(scalar(1), ones({2, 2})); }}.
#pragma once

#include <fovea/core/creation.h>
#include <fovea/core/tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace fovea {

using SampleCall = std::function<Tensor(const std::vector<Tensor>& inputs)>;

struct OpSample {
  std::string label;           // "broadcast row", "zero-size", ...
  std::vector<Tensor> inputs;  // f64 ones are differentiated; i64 and bool ones are constants
  SampleCall call;             // must work for f32 copies of the inputs too
  bool differentiable = true;  // false: values only (a tie, a kink, an integer result)
};

// Makes f64 inputs for samples; deterministic.
class SampleMaker {
 public:
  explicit SampleMaker(uint64_t seed) : generator_(seed) {}
  Tensor uniform(const Shape& shape, double low, double high) {
    return fovea::uniform(shape, low, high, generator_, f64);
  }
  // All different, at least `gap` apart: away from ties of max, sort and topk.
  Tensor distinct(const Shape& shape, double gap = 0.05);
  Tensor ids(const Shape& shape, int64_t n) { return randint(shape, 0, n, generator_); }
  Tensor mask(const Shape& shape, double probability = 0.5);
  Generator& generator() { return generator_; }

 private:
  Generator generator_;
};

struct InvalidCall {
  std::string label;
  std::function<void()> call;
};

struct OpSpec {
  std::string name;
  std::string formula = {};
  std::function<std::vector<OpSample>(SampleMaker&)> samples = {};
  std::vector<InvalidCall> invalid = {};
  std::vector<std::string> also_records = {};  // other names it puts on the tape (its backward, its parts)
  bool second_derivative = true;               // false only for piecewise linear ops and listed exceptions
  double rtol = 1e-5, atol = 1e-7;             // of gradcheck; an override needs a reason beside it
  double f32_rtol = 1e-5;                      // f32 against f64, relative to the largest value

  static OpSpec add(OpSpec spec);  // registers and returns it
};

const std::vector<OpSpec>& op_specs();

// The input classes of an elementwise op with `n` inputs drawn from [low, high]: scalar, 1-D, 4-D, size-1 dimensions,
// row and column broadcasts (n > 1), zero-size, transposed, sliced with an offset, stride 0, and the same tensor twice
// (n > 1).
std::vector<OpSample> elementwise_samples(SampleMaker& make, const SampleCall& call, int n, double low, double high);
// The same classes for an op of one tensor along its last dimension or all of it (no scalar class with size-0
// reductions).
std::vector<OpSample> layout_samples(SampleMaker& make, const SampleCall& call, double low, double high);

}  // namespace fovea
