// Golden cases: <case>/x0, x1, .. inputs, <case>/y result, <case>/c cotangent, <case>/d0, .. gradients of sum(c y),
// f64.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/safetensors.h>
#include <tests/catch.h>

#include <functional>
#include <map>
#include <string>

namespace fovea::test {

using GoldenCall = std::function<Tensor(const std::vector<Tensor>& x)>;

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name) {
    for (auto& [key, tensor] : load_safetensors(FOVEA_TEST_DATA "/" + name + ".safetensors").tensors)
      tensors_[key] = tensor;
  }
  bool has(const std::string& key) const { return tensors_.count(key) != 0; }
  const Tensor& operator[](const std::string& key) const {
    INFO("golden value " << key);
    REQUIRE(has(key));
    return tensors_.at(key);
  }
  // Every case of the file must be in `calls` and agree to rtol.
  void check(const std::map<std::string, GoldenCall>& calls, double rtol) const {
    for (const auto& [key, y] : tensors_)
      if (key.ends_with("/y")) check_case(key.substr(0, key.size() - 2), calls, rtol);
  }

 private:
  void check_case(const std::string& name, const std::map<std::string, GoldenCall>& calls, double rtol) const {
    INFO("golden case " << name);
    REQUIRE(calls.count(name) == 1);
    std::vector<Tensor> inputs, leaves;
    std::vector<int> which;
    for (int i = 0; has(name + "/x" + std::to_string(i)); ++i) {
      inputs.push_back(array::clone(tensors_.at(name + "/x" + std::to_string(i))));
      if (!has(name + "/d" + std::to_string(i))) continue;
      leaves.push_back(inputs.back().requires_grad_());
      which.push_back(i);
    }
    const Tensor y = calls.at(name)(inputs);
    REQUIRE(y.dtype() == tensors_.at(name + "/y").dtype());
    REQUIRE(allclose(y, tensors_.at(name + "/y"), rtol, rtol));
    if (leaves.empty()) return;
    const std::vector<Tensor> gradients = grad({y}, leaves, {.grad_outputs = {tensors_.at(name + "/c")}});
    for (size_t i = 0; i < leaves.size(); ++i) {
      INFO("gradient of input " << which[i]);
      REQUIRE(allclose(gradients[i], tensors_.at(name + "/d" + std::to_string(which[i])), rtol, rtol));
    }
  }

  std::map<std::string, Tensor> tensors_;
};

}  // namespace fovea::test
