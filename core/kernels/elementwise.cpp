// Inner loops are flat where both strides are 1 (or an input's is 0), so that the compiler sees plain vectors.
#include <fovea/core/kernels/elementwise.h>
#include <fovea/core/kernels/vector_math.h>

#include <array>
#include <cstring>
#include <utility>

namespace fovea::kernels {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;  // 1 / sqrt(2)
constexpr double kGaussian = 0.39894228040143267794;  // 1 / sqrt(2 pi)

// The lowest whole number wraps around to itself, as in PyTorch.
template <class T>
inline T negative(T x) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(x));
  else
    return -x;
}
template <class T>
inline T magnitude(T x) {
  if constexpr (std::is_integral_v<T>)
    return x < 0 ? negative(x) : x;
  else
    return std::abs(x);
}

// Of floating numbers; whole ones are what they are.
template <Unary op, class T>
inline T rounded(T x) {
  if constexpr (std::is_integral_v<T>) return x;
  if constexpr (op == Unary::floor) return static_cast<T>(std::floor(x));
  if constexpr (op == Unary::ceil) return static_cast<T>(std::ceil(x));
  if constexpr (op == Unary::round) return static_cast<T>(std::nearbyint(x));
}

// The functions; s and t are the parameters p and q.
template <Unary op, class T>
inline T value(T x, T s, T t) {
  using W = vm::Wrapping<T>;
  if constexpr (op == Unary::neg) return negative(x);
  if constexpr (op == Unary::exp) return vm::exp(x);
  if constexpr (op == Unary::log) return vm::log(x);
  if constexpr (op == Unary::sqrt) return std::sqrt(x);
  if constexpr (op == Unary::tanh) return vm::tanh(x);
  if constexpr (op == Unary::sigmoid) return vm::sigmoid(x);
  if constexpr (op == Unary::relu) return x < 0 ? T(0) : x;
  if constexpr (op == Unary::gelu) return T(0.5) * x * (T(1) + vm::erf(x * T(kSqrtHalf)));
  if constexpr (op == Unary::softplus) return (x > 0 ? x : T(0)) + vm::log1p(vm::exp(-std::abs(x)));
  if constexpr (op == Unary::abs) return magnitude(x);
  if constexpr (op == Unary::sin) return vm::sin(x);
  if constexpr (op == Unary::cos) return vm::cos(x);
  if constexpr (op == Unary::erf) return vm::erf(x);
  if constexpr (op == Unary::square) return static_cast<T>(W(x) * W(x));
  if constexpr (op == Unary::sign) return T(x > 0) - T(x < 0);
  if constexpr (op == Unary::reciprocal) return T(1) / x;
  if constexpr (op == Unary::rsqrt) return T(1) / std::sqrt(x);
  if constexpr (op == Unary::log1p) return vm::log1p(x);
  if constexpr (op == Unary::expm1) return vm::expm1(x);
  if constexpr (op == Unary::log2) return vm::log2(x);
  if constexpr (op == Unary::floor || op == Unary::ceil || op == Unary::round) return rounded<op>(x);
  if constexpr (op == Unary::silu) return x * vm::sigmoid(x);
  if constexpr (op == Unary::logsigmoid) return (x < 0 ? x : T(0)) - vm::log1p(vm::exp(-std::abs(x)));
  if constexpr (op == Unary::elu) return x > 0 ? x : s * vm::expm1(x);
  if constexpr (op == Unary::leaky_relu) return x < 0 ? s * x : x;
  if constexpr (op == Unary::clamp) return x < s ? s : (x > t ? t : x);
  if constexpr (op == Unary::add) return static_cast<T>(W(x) + W(s));
  if constexpr (op == Unary::mul) return static_cast<T>(W(x) * W(s));
  if constexpr (op == Unary::div) return x / s;
  if constexpr (op == Unary::pow) return vm::pow(x, s);
}

template <class T>
inline T silu_slope(T x) {
  const T s = vm::sigmoid(x);
  return s * (T(1) + x * (T(1) - s));
}

// Of the operands, or of a gradient and what was saved.
template <Binary op, class T>
inline T value(T a, T b) {
  using W = vm::Wrapping<T>;
  if constexpr (op == Binary::add) return static_cast<T>(W(a) + W(b));
  if constexpr (op == Binary::sub) return static_cast<T>(W(a) - W(b));
  if constexpr (op == Binary::mul) return static_cast<T>(W(a) * W(b));
  if constexpr (op == Binary::minimum) return (a < b || a != a) ? a : b;
  if constexpr (op == Binary::maximum) return (a > b || a != a) ? a : b;
  if constexpr (op == Binary::div) return a / b;
  if constexpr (op == Binary::pow) return vm::pow(a, b);
  if constexpr (op == Binary::exp_backward) return a == 0 ? T(0) : a * b;
  if constexpr (op == Binary::tanh_backward) return a * (T(1) - b * b);
  if constexpr (op == Binary::sigmoid_backward) return a * (b * (T(1) - b));
  if constexpr (op == Binary::relu_backward) return b > 0 ? a : T(0);
  if constexpr (op == Binary::gelu_backward)
    return a * (T(0.5) * (T(1) + vm::erf(b * T(kSqrtHalf))) + b * T(kGaussian) * vm::exp(T(-0.5) * b * b));
  if constexpr (op == Binary::softplus_backward) return a * vm::sigmoid(b);
  if constexpr (op == Binary::silu_backward) return a * silu_slope(b);
}

constexpr bool for_integers(Binary op) {
  return op == Binary::add || op == Binary::sub || op == Binary::mul || op == Binary::minimum || op == Binary::maximum;
}

// One compiled row per function and type, found by its number: n elements, steps[k] apart in operand k as in Loop (y
// first), or all contiguous where steps is null.
using UnaryRow = void (*)(int64_t n, const void* x, void* y, const int64_t* steps, double p, double q);
using BinaryRow = void (*)(int64_t n, const void* a, const void* b, void* y, const int64_t* steps);

template <class T, class F>
inline void map_row(int64_t n, const T* x, T* y, const int64_t* steps, F f) {
  if (steps == nullptr || (steps[0] == 1 && steps[1] == 1)) return vm::map(n, x, y, f);
  vm::map_apart(n, x, steps[1], y, steps[0], f);
}

template <class T, class F>
inline void map2_row(int64_t n, const T* a, const T* b, T* y, const int64_t* steps, F f) {
  const int64_t sy = steps == nullptr ? 1 : steps[0], sa = steps == nullptr ? 1 : steps[1],
                sb = steps == nullptr ? 1 : steps[2];
  if (sy == 1 && sa == 1 && sb == 1) return vm::map2<1, 1>(n, a, b, y, f);
  if (sy == 1 && sa == 1 && sb == 0) return vm::map2<1, 0>(n, a, b, y, f);
  if (sy == 1 && sa == 0 && sb == 1) return vm::map2<0, 1>(n, a, b, y, f);
  vm::map2_apart(n, a, sa, b, sb, y, sy, f);
}

template <Unary op, class T>
void unary_row(int64_t n, const void* x, void* y, const int64_t* steps, double p, double q) {
  if constexpr (std::is_floating_point_v<T> || for_integers(op))
    map_row(n, static_cast<const T*>(x), static_cast<T*>(y), steps,
            [s = static_cast<T>(p), t = static_cast<T>(q)](T v) { return value<op, T>(v, s, t); });
}

template <Binary op, class T>
void binary_row(int64_t n, const void* a, const void* b, void* y, const int64_t* steps) {
  if constexpr (std::is_floating_point_v<T> || for_integers(op))
    map2_row(n, static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(y), steps,
             [](T v, T w) { return value<op, T>(v, w); });
}

// Every function by its number, made from the enum: one without a branch in `value` does not compile, a number beyond
// the last is a std::out_of_range.
template <class T, size_t... i>
constexpr std::array<UnaryRow, sizeof...(i)> unary_rows(std::index_sequence<i...>) {
  return {unary_row<static_cast<Unary>(i), T>...};
}
template <class T, size_t... i>
constexpr std::array<BinaryRow, sizeof...(i)> binary_rows(std::index_sequence<i...>) {
  return {binary_row<static_cast<Binary>(i), T>...};
}
template <auto count>
using Numbers = std::make_index_sequence<static_cast<size_t>(count)>;
template <class T>
constexpr auto kUnaryRows = unary_rows<T>(Numbers<Unary::count>());
template <class T>
constexpr auto kBinaryRows = binary_rows<T>(Numbers<Binary::count>());

template <class Body>
decltype(auto) dispatch_number(DType dtype, Body&& body) {
  if (dtype == DType::i64) return body(int64_t{});
  return dispatch_floating(dtype, body);
}

UnaryRow find(Unary op, DType dtype) {
  return dispatch_number(dtype, [op](auto zero) { return kUnaryRows<decltype(zero)>.at(static_cast<size_t>(op)); });
}
BinaryRow find(Binary op, DType dtype) {
  return dispatch_number(dtype, [op](auto zero) { return kBinaryRows<decltype(zero)>.at(static_cast<size_t>(op)); });
}

const void* at(const void* p, int64_t bytes) { return static_cast<const char*>(p) + bytes; }
void* at(void* p, int64_t bytes) { return static_cast<char*>(p) + bytes; }

// Long arrays, for several threads; kept apart so that short ones pay nothing for it.
[[gnu::noinline]] void unary_in_pieces(Unary op, DType dtype, int64_t n, const void* x, void* y, double p, double q) {
  const Shape size{n}, step{1};
  unary(op, dtype, Loop<2>(size, step, step), x, y, p, q);
}
[[gnu::noinline]] void binary_in_pieces(Binary op, DType dtype, int64_t n, const void* a, const void* b, void* y) {
  const Shape size{n}, step{1};
  binary(op, dtype, Loop<3>(size, step, step, step), a, b, y);
}

}  // namespace

void unary(Unary op, DType dtype, int64_t n, const void* x, void* y, double p, double q) {
  const UnaryRow row = find(op, dtype);
  if (n <= kMapGrain) return row(n, x, y, nullptr, p, q);
  unary_in_pieces(op, dtype, n, x, y, p, q);
}

void unary(Unary op, DType dtype, const Loop<2>& loop, const void* x, void* y, double p, double q) {
  const UnaryRow row = find(op, dtype);
  const int64_t size = item_size(dtype), steps[] = {loop.inner_stride(0), loop.inner_stride(1)};
  loop.parallel_rows(kMapGrain, [&](const int64_t* offsets, int64_t n) {
    row(n, at(x, offsets[1] * size), at(y, offsets[0] * size), steps, p, q);
  });
}

void binary(Binary op, DType dtype, int64_t n, const void* a, const void* b, void* y) {
  const BinaryRow row = find(op, dtype);
  if (n <= kMapGrain) return row(n, a, b, y, nullptr);
  binary_in_pieces(op, dtype, n, a, b, y);
}

void binary(Binary op, DType dtype, const Loop<3>& loop, const void* a, const void* b, void* y) {
  const BinaryRow row = find(op, dtype);
  const int64_t size = item_size(dtype);
  const int64_t steps[] = {loop.inner_stride(0), loop.inner_stride(1), loop.inner_stride(2)};
  loop.parallel_rows(kMapGrain, [&](const int64_t* offsets, int64_t n) {
    row(n, at(a, offsets[1] * size), at(b, offsets[2] * size), at(y, offsets[0] * size), steps);
  });
}

void fill(DType dtype, const Loop<1>& loop, void* y, double value) {
  dispatch_stored(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T v = static_cast<T>(value);
    loop.parallel_rows(kMapGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      const int64_t stride = loop.inner_stride(0);
      if (stride == 1) {
        for (int64_t i = 0; i < n; ++i) to[i] = v;
        return;
      }
      for (int64_t i = 0; i < n; ++i) to[i * stride] = v;
    });
  });
}

void scale(DType dtype, const Loop<1>& loop, void* y, double factor) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    using W = vm::Wrapping<T>;
    loop.parallel_rows(kMapGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      const int64_t steps[] = {loop.inner_stride(0), loop.inner_stride(0)};
      map_row(n, to, to, steps, [s = static_cast<T>(factor)](T v) { return static_cast<T>(W(v) * W(s)); });
    });
  });
}

void add_scaled(DType dtype, const Loop<2>& loop, void* y, const void* x, double factor) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    using W = vm::Wrapping<T>;
    loop.parallel_rows(kMapGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      const int64_t steps[] = {loop.inner_stride(0), loop.inner_stride(0), loop.inner_stride(1)};
      map2_row(n, to, static_cast<const T*>(x) + at[1], to, steps,
               [s = static_cast<T>(factor)](T v, T w) { return static_cast<T>(W(v) + W(s) * W(w)); });
    });
  });
}

void accumulate(DType dtype, int64_t n, void* y, const void* x) { binary(Binary::add, dtype, n, y, x, y); }

bool fits(DType to, DType from, const Loop<1>& loop, const void* x) {
  bool fits = true;
  const auto [least, beyond] = range_of(to);
  dispatch_stored(from, [&, least = least, beyond = beyond](auto zero) {
    using T = decltype(zero);
    loop.for_rows(0, loop.rows(), [&](const int64_t* at) {
      const T* row = static_cast<const T*>(x) + at[0];
      const int64_t step = loop.inner_stride(0);
      for (int64_t i = 0; i < loop.inner(); ++i) {
        const double whole = std::trunc(static_cast<double>(row[i * step]));
        fits &= whole >= least && whole < beyond;
      }
    });
  });
  return fits;
}

void copy(DType to, DType from, const Loop<2>& loop, void* y, const void* x) {
  if (to == from && loop.rank == 1 && loop.inner_stride(0) == 1 && loop.inner_stride(1) == 1) {
    const int64_t size = item_size(to);
    parallel_for(loop.numel, kMapGrain, [&](int64_t begin, int64_t end) {
      std::memcpy(static_cast<char*>(y) + begin * size, static_cast<const char*>(x) + begin * size,
                  static_cast<size_t>((end - begin) * size));
    });
    return;
  }
  dispatch_stored(to, [&](auto zero_to) {
    dispatch_stored(from, [&](auto zero_from) {
      using T = decltype(zero_to);
      using F = decltype(zero_from);
      loop.parallel_rows(kMapGrain, [&](const int64_t* at, int64_t n) {
        T* target = static_cast<T*>(y) + at[0];
        const F* source = static_cast<const F*>(x) + at[1];
        const int64_t st = loop.inner_stride(0), ss = loop.inner_stride(1);
        for (int64_t i = 0; i < n; ++i) target[i * st] = static_cast<T>(source[i * ss]);
      });
    });
  });
}

}  // namespace fovea::kernels
