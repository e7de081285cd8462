// Golden cases of ops: <case>/x0, x1, .. inputs, <case>/y result, <case>/c cotangent, <case>/d0, .. gradients of sum(c
// y), f64.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <tests/golden.h>

#include <functional>
#include <vector>

namespace fovea::test {

using GoldenCall = std::function<Tensor(const std::vector<Tensor>& x)>;

inline void check_golden_case(const GoldenFile& golden, const std::string& name, const GoldenCall& call, double rtol) {
  std::vector<Tensor> inputs, leaves;
  std::vector<int> which;
  for (int i = 0; golden.has(name + "/x" + std::to_string(i)); ++i) {
    inputs.push_back(array::clone(golden[name + "/x" + std::to_string(i)]));
    if (!golden.has(name + "/d" + std::to_string(i))) continue;
    leaves.push_back(inputs.back().requires_grad_());
    which.push_back(i);
  }
  const Tensor y = call(inputs);
  const Tensor& expected = golden[name + "/y"];
  REQUIRE(y.dtype() == expected.dtype());
  REQUIRE(allclose(y, expected, rtol, rtol));
  if (leaves.empty()) return;
  const std::vector<Tensor> gradients = grad({y}, leaves, {.grad_outputs = {golden[name + "/c"]}});
  for (size_t i = 0; i < leaves.size(); ++i) {
    INFO("gradient of input " << which[i]);
    REQUIRE(allclose(gradients[i], golden[name + "/d" + std::to_string(which[i])], rtol, rtol));
  }
}

// Every case of the file must be in `calls` and agree to rtol.
inline void check_golden(const GoldenFile& golden, const std::map<std::string, GoldenCall>& calls, double rtol) {
  for (const auto& [key, y] : golden.tensors()) {
    if (!key.ends_with("/y")) continue;
    const std::string name = key.substr(0, key.size() - 2);
    INFO("golden case " << name);
    REQUIRE(calls.count(name) == 1);
    check_golden_case(golden, name, calls.at(name), rtol);
  }
}

}  // namespace fovea::test
