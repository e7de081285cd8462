// Plain numbers for tests of kernels, which know no tensor.
#pragma once

#include <fovea/core/creation.h>

#include <vector>

namespace fovea::test {

// n values from [-1, 1).
template <class T>
std::vector<T> random_values(int64_t n, uint64_t seed) {
  Generator generator(seed);
  const Tensor x = uniform({n}, -1, 1, generator, dtype_of<T>);
  return {x.data<T>(), x.data<T>() + n};
}

}  // namespace fovea::test
