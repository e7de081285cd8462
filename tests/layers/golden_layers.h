// Golden cases of layers: <case>/parameter, /input, /output, /cotangent, /gradient, each with names below it. They are
// f64; a layer is checked in f64 and f32.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/layers/module.h>
#include <tests/golden.h>

#include <functional>
#include <vector>

namespace fovea::test {

// The tensors of a case, by kind: parameter, input, output, cotangent, gradient.
inline Named part_of_case(const GoldenFile& golden, const std::string& name, const std::string& kind, DType dtype) {
  const std::string prefix = name + "/" + kind + "/";
  Named found;
  for (const auto& [key, tensor] : golden.tensors())
    if (key.starts_with(prefix))
      found[key.substr(prefix.size())] = is_floating(tensor.dtype()) ? array::clone(array::to(tensor, dtype)) : tensor;
  return found;
}

inline void require_close(const std::string& what, const Tensor& ours, const Tensor& theirs) {
  INFO(what << " " << ours << "\nPyTorch " << theirs);
  const bool exact = ours.dtype() == f64;
  REQUIRE(allclose(ours, theirs, exact ? 1e-12 : 1.3e-6, exact ? 1e-13 : 1e-5));
}

// The module with the case's parameters: its outputs and the gradients of sum(c y) by parameter and by input.
inline void check_case(const GoldenFile& golden, const std::string& name, Module& module, DType dtype,
                       const std::function<Named(const Named& inputs)>& call) {
  INFO(name << " in " << name_of(dtype));
  to(module, dtype);
  const Named values = part_of_case(golden, name, "parameter", dtype);
  load_state(module, NamedTensors(values.begin(), values.end()));
  Named inputs = part_of_case(golden, name, "input", dtype), watched;
  for (auto& [key, x] : inputs)
    if (is_floating(x.dtype())) watched[key] = x.requires_grad_();
  for (const auto& [key, parameter] : named_parameters(module)) watched[key] = parameter;
  const Named outputs = call(inputs), cotangents = part_of_case(golden, name, "cotangent", dtype);
  REQUIRE(cotangents.size() > 0);
  std::vector<Tensor> results, weights, sources;
  for (const auto& [key, y] : part_of_case(golden, name, "output", dtype)) {
    require_close(key, outputs.at(key), y);
    results.push_back(outputs.at(key));
    weights.push_back(cotangents.at(key));
  }
  for (const auto& [key, x] : watched) sources.push_back(x);
  const std::vector<Tensor> gradients = grad(results, sources, {.grad_outputs = weights});
  const Named expected = part_of_case(golden, name, "gradient", dtype);
  REQUIRE(expected.size() == watched.size());
  size_t at = 0;
  for (const auto& [key, x] : watched) require_close("gradient of " + key, gradients[at++], expected.at(key));
}

// The tensor of that name, undefined where there is none.
inline Tensor one_of(const Named& all, const char* key) { return all.count(key) != 0 ? all.at(key) : Tensor(); }

}  // namespace fovea::test
