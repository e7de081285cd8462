#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/kernels/creation.h>
#include <fovea/core/kernels/elementwise.h>
#include <fovea/core/kernels/random.h>

#include <cmath>
#include <cstring>

namespace fovea {
namespace {

constexpr double kTwoTo63 = 0x1p63;

void require_floating(const char* op, DType dtype) {
  if (!is_floating(dtype)) throw DTypeError(fmt::format("{}: makes f32 or f64, not {}", op, name_of(dtype)));
}

void require_computing(const char* op, DType dtype) {
  if (is_storage(dtype)) throw DTypeError(fmt::format("{}: makes f32, f64, i64 or bool, not {}", op, name_of(dtype)));
}

void require_defined(const char* op, const Tensor& x) {
  if (!x.defined()) throw ValueError(fmt::format("{}: the tensor is undefined", op));
}

template <class Number>
[[noreturn]] void throw_endless(Number begin, Number end, Number step) {
  throw ValueError(fmt::format("arange: from {} to {} by {} never ends; need finite numbers and a step towards the end",
                               begin, end, step));
}

kernels::Stream take_words(Generator& generator, int64_t n) {
  return {generator.key(), generator.reserve(static_cast<uint64_t>(kernels::blocks_of_words(n)))};
}
kernels::Stream take_doubles(Generator& generator, int64_t n) {
  return {generator.key(), generator.reserve(static_cast<uint64_t>(kernels::blocks_of_doubles(n)))};
}
kernels::Stream take(Generator& generator, const Tensor& x) {
  return x.dtype() == f64 ? take_doubles(generator, x.numel()) : take_words(generator, x.numel());
}

// empty, but the message about a shape that cannot be names `op`.
Tensor made(const char* op, const Shape& shape, DType dtype) {
  checked_numel(op, shape);
  return empty(shape, dtype);
}

Tensor filled(const char* op, const Shape& shape, double value, DType dtype) {
  Tensor y = made(op, shape, dtype);
  kernels::fill(dtype, {y.shape(), y.strides()}, y.raw(), value);
  return y;
}

}  // namespace

Tensor zeros(const Shape& shape, DType dtype) { return filled("zeros", shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return filled("ones", shape, 1, dtype); }
Tensor scalar(double value, DType dtype) {
  require_fits("scalar", value, dtype);
  return filled("scalar", {}, value, dtype);
}

Tensor full(const Shape& shape, double value, DType dtype) {
  require_fits("full", value, dtype);
  return filled("full", shape, value, dtype);
}

Tensor zeros_like(const Tensor& x) { return full_like(x, 0); }
Tensor ones_like(const Tensor& x) { return full_like(x, 1); }
Tensor full_like(const Tensor& x, double value) {
  require_defined("full_like", x);
  return full(x.shape(), value, x.dtype());
}

Tensor detail::ramp(double begin, double end, double step, DType dtype) {
  if (dtype == boolean || is_storage(dtype))
    throw DTypeError(fmt::format("arange: makes f32, f64 or i64, not {}", name_of(dtype)));
  if (!std::isfinite(begin) || !std::isfinite(end) || !std::isfinite(step) || step == 0 || (end - begin) / step < 0)
    throw_endless(begin, end, step);
  const double count = std::ceil((end - begin) / step);
  if (!(count < 0x1p53)) throw ValueError(fmt::format("arange: {} elements are too many", count));
  if (dtype == i64 && !(std::abs(begin) < kTwoTo63 && std::abs(end) < kTwoTo63))
    throw ValueError(fmt::format("arange: [{}, {}) does not fit i64", begin, end));
  Tensor y = empty({static_cast<int64_t>(count)}, dtype);
  kernels::ramp(dtype, y.numel(), begin, 0, step, y.raw());
  return y;
}

Tensor detail::whole_ramp(int64_t begin, int64_t end, int64_t step) {
  if (step == 0 || (step > 0 ? end < begin : end > begin)) throw_endless(begin, end, step);
  // Unsigned, since the distance between two whole numbers may be beyond the largest.
  const auto between = [](int64_t low, int64_t high) {
    return static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  };
  const uint64_t distance = step > 0 ? between(begin, end) : between(end, begin);
  const uint64_t stride = step > 0 ? static_cast<uint64_t>(step) : between(step, 0);
  const uint64_t count = distance / stride + (distance % stride == 0 ? 0 : 1);
  if (count >= uint64_t{1} << 53) throw ValueError(fmt::format("arange: {} elements are too many", count));
  Tensor y = empty({static_cast<int64_t>(count)}, i64);
  kernels::whole_ramp(y.numel(), begin, step, y.data<int64_t>());
  return y;
}

// Each half counts from its own end, so that both ends are exact and the whole is symmetric.
Tensor linspace(double first, double last, int64_t count, DType dtype) {
  require_floating("linspace", dtype);
  if (count < 0) throw ValueError(fmt::format("linspace: {} points; need at least 0", count));
  const int64_t half = (count + 1) / 2;
  const double step = count > 1 ? (last - first) / static_cast<double>(count - 1) : 0;
  Tensor y = empty({count}, dtype);
  kernels::ramp(dtype, half, first, 0, step, y.raw());
  if (half < count) {
    const Tensor rest = array::slice(y, 0, half, count);
    kernels::ramp(dtype, count - half, last, half - (count - 1), step, rest.raw());
  }
  return y;
}

Tensor eye(int64_t n, DType dtype) {
  Tensor y = filled("eye", {n, n}, 0, dtype);
  kernels::fill(dtype, {Shape{n}, Shape{n + 1}}, y.raw(), 1);
  return y;
}

void detail::require_filled(const char* op, size_t count, const Shape& shape) {
  if (static_cast<int64_t>(count) != checked_numel(op, shape))
    throw ShapeError(fmt::format("{}: {} values do not fill {}", op, count, shape.str()));
}

Tensor from_bytes(const void* data, const Shape& shape, DType dtype) {
  Tensor y = made("from_bytes", shape, dtype);
  if (y.numel() > 0) std::memcpy(y.raw(), data, static_cast<size_t>(y.numel() * item_size(dtype)));
  return y;
}

Tensor one_hot(const Tensor& ids, int64_t classes, DType dtype) {
  require_defined("one_hot", ids);
  if (ids.dtype() != i64) throw DTypeError(fmt::format("one_hot: ids are {}; need i64", describe(ids)));
  require_computing("one_hot", dtype);
  if (classes < 1) throw ValueError(fmt::format("one_hot: {} classes; need at least 1", classes));
  const Tensor flat = array::contiguous(ids);
  Shape shape = ids.shape();
  shape.append(classes);
  Tensor y = zeros(shape, dtype);
  const int64_t bad = kernels::one_hot(dtype, flat.numel(), classes, flat.data<int64_t>(), y.raw());
  if (bad >= 0) {
    const int64_t id = array::reshape(flat, {-1}).at<int64_t>({bad});
    throw IndexError(
        fmt::format("one_hot: id {} at position {} of {} is outside [0, {})", id, bad, describe(ids), classes));
  }
  return y;
}

Tensor uniform(const Shape& shape, double low, double high, Generator& generator, DType dtype) {
  require_floating("uniform", dtype);
  if (!(low <= high) || !std::isfinite(high - low))
    throw ValueError(fmt::format("uniform: the range [{}, {}) is not one; need finite low <= high", low, high));
  Tensor y = made("uniform", shape, dtype);
  kernels::uniform(dtype, y.numel(), take(generator, y), low, high, y.raw());
  return y;
}

Tensor normal(const Shape& shape, double mean, double deviation, Generator& generator, DType dtype) {
  require_floating("normal", dtype);
  if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
    throw ValueError(
        fmt::format("normal: mean {}, deviation {}; need finite numbers, deviation >= 0", mean, deviation));
  Tensor y = made("normal", shape, dtype);
  kernels::normal(dtype, y.numel(), take(generator, y), mean, deviation, y.raw());
  return y;
}

Tensor bernoulli(const Shape& shape, double probability, Generator& generator, DType dtype) {
  if (!(probability >= 0 && probability <= 1))
    throw ValueError(fmt::format("bernoulli: probability {} is outside [0, 1]", probability));
  require_computing("bernoulli", dtype);
  Tensor y = made("bernoulli", shape, dtype);
  kernels::bernoulli(dtype, y.numel(), take(generator, y), probability, y.raw());
  return y;
}

Tensor bernoulli(const Tensor& probabilities, Generator& generator) {
  require_defined("bernoulli", probabilities);
  if (!is_floating(probabilities.dtype()))
    throw DTypeError(fmt::format("bernoulli: probabilities are {}; need f32 or f64", describe(probabilities)));
  const Tensor p = array::contiguous(probabilities);
  Tensor y = empty_like(p);
  if (!kernels::bernoulli(y.dtype(), y.numel(), take(generator, y), p.raw(), y.raw()))
    throw ValueError(fmt::format("bernoulli: a probability in {} is outside [0, 1]", describe(probabilities)));
  return y;
}

Tensor randint(const Shape& shape, int64_t low, int64_t high, Generator& generator) {
  if (low >= high) throw ValueError(fmt::format("randint: the range [{}, {}) is empty; need low < high", low, high));
  Tensor y = made("randint", shape, i64);
  kernels::integers(y.numel(), take_doubles(generator, y.numel()), low, high, y.data<int64_t>());
  return y;
}

Tensor permutation(int64_t n, Generator& generator) {
  Tensor y = made("permutation", {n}, i64);
  kernels::permutation(n, take_doubles(generator, n), y.data<int64_t>());
  return y;
}

}  // namespace fovea
