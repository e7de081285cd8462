// The arrays of one file of tests/golden, by name.
#pragma once

#include <fovea/core/safetensors.h>
#include <tests/catch.h>
#include <tests/data_file.h>

#include <map>
#include <string>

namespace fovea::test {

using Named = std::map<std::string, Tensor>;

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name) {
    const NamedTensors all = load_safetensors(data_file(name + ".safetensors")).tensors;
    tensors_.insert(all.begin(), all.end());
  }
  const Named& tensors() const { return tensors_; }
  bool has(const std::string& key) const { return tensors_.count(key) != 0; }
  const Tensor& operator[](const std::string& key) const {
    INFO("golden value " << key);
    REQUIRE(has(key));
    return tensors_.at(key);
  }

 private:
  Named tensors_;
};

}  // namespace fovea::test
