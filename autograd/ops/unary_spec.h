// How the specs of elementwise functions of one tensor are made.
#pragma once

#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea::detail {

// One spec per function: drawn from [low, high], away from kinks; `extreme` values must stay finite in both directions.
inline OpSpec unary_spec(std::string name, std::string formula, Tensor (*f)(const Tensor&), double low, double high,
                         const std::vector<double>& extreme = {}, bool second_derivative = true) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.second_derivative = second_derivative;
  spec.samples = [=](SampleMaker& make) {
    const SampleCall call = [f](const std::vector<Tensor>& x) { return f(x[0]); };
    std::vector<OpSample> samples = elementwise_samples(make, call, 1, low, high);
    if (!extreme.empty())
      samples.push_back({"extreme values", {from(extreme, {static_cast<int64_t>(extreme.size())})}, call});
    return samples;
  };
  spec.invalid = {{"bool input", [f] { f(ones({3}, boolean)); }},
                  {"i64 input", [f] { f(arange(3)); }},
                  {"undefined input", [f] { f(Tensor()); }}};
  return spec;
}

// Of a function that takes i64.
inline OpSpec with_whole_numbers(OpSpec spec) {
  std::erase_if(spec.invalid, [](const InvalidCall& invalid) { return invalid.label == "i64 input"; });
  return spec;
}

}  // namespace fovea::detail
