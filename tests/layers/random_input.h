// What tests of layers begin with: random inputs, and a module in double precision.
#pragma once

#include <fovea/core/creation.h>
#include <fovea/layers/module.h>

namespace fovea::test {

// From [-1, 1).
inline Tensor random_input(const Shape& shape, uint64_t seed = 3, DType dtype = f64) {
  Generator generator(seed);
  return uniform(shape, -1, 1, generator, dtype);
}

template <class M>
M in_f64(M module) {
  to(module, f64);
  return module;
}

}  // namespace fovea::test
