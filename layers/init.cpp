#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/random.h>
#include <fovea/layers/init.h>

#include <algorithm>
#include <cmath>

namespace fovea::init {
namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const char* what, const Shape& shape) {
  if (shape.rank() < 2)
    throw ShapeError(fmt::format("{}: {} has no fan; need at least 2 dimensions", what, shape.str()));
  double field = 1;
  for (int i = 2; i < shape.rank(); ++i) field *= static_cast<double>(shape[i]);
  return {static_cast<double>(shape[1]) * field, static_cast<double>(shape[0]) * field};
}

Tensor symmetric(const Shape& shape, double bound, Generator& generator) {
  return uniform(shape, -bound, bound, generator);
}

double inverse_root(double variance) { return 1 / std::sqrt(std::max(variance, 1.0)); }

}  // namespace

Tensor uniform_fan(const Shape& shape, int64_t fan, Generator& generator) {
  return symmetric(shape, inverse_root(static_cast<double>(fan)), generator);
}

Tensor xavier_uniform(const Shape& shape, Generator& generator, double gain) {
  const Fans fans = fans_of("xavier_uniform", shape);
  return symmetric(shape, gain * std::sqrt(6.0) * inverse_root(fans.in + fans.out), generator);
}

Tensor xavier_normal(const Shape& shape, Generator& generator, double gain) {
  const Fans fans = fans_of("xavier_normal", shape);
  return normal(shape, 0, gain * std::sqrt(2.0) * inverse_root(fans.in + fans.out), generator);
}

Tensor kaiming_uniform(const Shape& shape, Generator& generator, double gain) {
  return symmetric(shape, gain * std::sqrt(3.0) * inverse_root(fans_of("kaiming_uniform", shape).in), generator);
}

Tensor kaiming_normal(const Shape& shape, Generator& generator, double gain) {
  return normal(shape, 0, gain * inverse_root(fans_of("kaiming_normal", shape).in), generator);
}

// Normal vectors in f64, made orthonormal.
Tensor orthogonal(const Shape& shape, Generator& generator, double gain) {
  if (shape.rank() != 2) throw ShapeError(fmt::format("orthogonal: {} is no matrix; need 2 dimensions", shape.str()));
  const int64_t count = std::min(shape[0], shape[1]), length = std::max(shape[0], shape[1]);
  const Tensor vectors = normal({count, length}, 0, 1, generator, f64);
  kernels::orthonormalize(count, length, vectors.data<double>());
  Tensor result = array::clone(shape[0] <= shape[1] ? vectors : array::transpose(vectors, 0, 1));
  return array::to(result.mul_(gain), f32);
}

}  // namespace fovea::init
