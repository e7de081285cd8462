// Initial values of parameters. Each returns a fresh f32 tensor, to be handed to a Parameter:
//   weight(xavier_uniform({out, in}, generator))
// fan_in is the product of all sizes but the first, fan_out of all but the second (times 1 for a vector).
// PyTorch's defaults: Linear and recurrent layers uniform_fan(shape, in or hidden); Embedding normal(0, 1).
// Errors: ShapeError where a fan or an orthogonal matrix needs two dimensions.
#pragma once

#include <fovea/core/creation.h>

namespace fovea::init {

// U(-1/sqrt(fan), 1/sqrt(fan)).
Tensor uniform_fan(const Shape& shape, int64_t fan, Generator& generator);
// Glorot & Bengio 2010: U(-a, a) with a = gain sqrt(6 / (fan_in + fan_out)); N(0, gain^2 2 / (fan_in + fan_out)).
Tensor xavier_uniform(const Shape& shape, Generator& generator, double gain = 1);
Tensor xavier_normal(const Shape& shape, Generator& generator, double gain = 1);
// He et al. 2015, for relu: U(-a, a) with a = gain sqrt(3 / fan_in); N(0, gain^2 / fan_in).
Tensor kaiming_uniform(const Shape& shape, Generator& generator, double gain = 1.4142135623730951);
Tensor kaiming_normal(const Shape& shape, Generator& generator, double gain = 1.4142135623730951);
// Saxe et al. 2014: rows (or columns, whichever are fewer) orthonormal, times gain.
Tensor orthogonal(const Shape& shape, Generator& generator, double gain = 1);

}  // namespace fovea::init
