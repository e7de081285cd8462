// Inner loops are flat where both strides are 1 (or an input's is 0), so that the compiler sees plain vectors.
#include <fovea/core/kernels/elementwise.h>
#include <fovea/core/kernels/vector_math.h>

#include <cstring>

namespace fovea::kernels {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;      // 1 / sqrt(2)
constexpr double kGaussian = 0.39894228040143267794;      // 1 / sqrt(2 pi)

// Calls body(f) with the function object of `op`.
template <class T, class Body>
void with_unary(Unary op, double p, double q, Body&& body) {
  const T s = static_cast<T>(p), t = static_cast<T>(q);
  switch (op) {
    case Unary::neg: return body([](T x) { return -x; });
    case Unary::exp: return body([](T x) { return vm::exp(x); });
    case Unary::log: return body([](T x) { return vm::log(x); });
    case Unary::sqrt: return body([](T x) { return std::sqrt(x); });
    case Unary::tanh: return body([](T x) { return vm::tanh(x); });
    case Unary::sigmoid: return body([](T x) { return vm::sigmoid(x); });
    case Unary::relu: return body([](T x) { return x < 0 ? T(0) : x; });
    case Unary::gelu: return body([](T x) { return T(0.5) * x * (T(1) + vm::erf(x * T(kSqrtHalf))); });
    case Unary::softplus:
      return body([](T x) { return (x > 0 ? x : T(0)) + vm::log1p(vm::exp(-std::abs(x))); });
    case Unary::abs: return body([](T x) { return std::abs(x); });
    case Unary::sin: return body([](T x) { return vm::sin(x); });
    case Unary::cos: return body([](T x) { return vm::cos(x); });
    case Unary::erf: return body([](T x) { return vm::erf(x); });
    case Unary::square: return body([](T x) { return x * x; });
    case Unary::sign: return body([](T x) { return T(x > 0) - T(x < 0); });
    case Unary::reciprocal: return body([](T x) { return T(1) / x; });
    case Unary::leaky_relu: return body([s](T x) { return x < 0 ? s * x : x; });
    case Unary::clamp: return body([s, t](T x) { return x < s ? s : (x > t ? t : x); });
    case Unary::add: return body([s](T x) { return x + s; });
    case Unary::mul: return body([s](T x) { return x * s; });
    case Unary::pow: return body([s](T x) { return vm::pow(x, s); });
  }
}

template <class T, class Body>
void with_binary(Binary op, Body&& body) {
  switch (op) {
    case Binary::add: return body([](T a, T b) { return a + b; });
    case Binary::sub: return body([](T a, T b) { return a - b; });
    case Binary::mul: return body([](T a, T b) { return a * b; });
    case Binary::minimum: return body([](T a, T b) { return (a < b || a != a) ? a : b; });
    case Binary::maximum: return body([](T a, T b) { return (a > b || a != a) ? a : b; });
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case Binary::div: return body([](T a, T b) { return a / b; });
      case Binary::pow: return body([](T a, T b) { return vm::pow(a, b); });
      case Binary::exp_backward: return body([](T g, T y) { return g == 0 ? T(0) : g * y; });
      case Binary::tanh_backward: return body([](T g, T y) { return g * (T(1) - y * y); });
      case Binary::sigmoid_backward: return body([](T g, T y) { return g * (y * (T(1) - y)); });
      case Binary::relu_backward: return body([](T g, T y) { return y > 0 ? g : T(0); });
      case Binary::gelu_backward:
        return body([](T g, T x) {
          return g * (T(0.5) * (T(1) + vm::erf(x * T(kSqrtHalf))) + x * T(kGaussian) * vm::exp(T(-0.5) * x * x));
        });
      case Binary::softplus_backward: return body([](T g, T x) { return g * vm::sigmoid(x); });
      default: break;
    }
  }
}

template <class T, class F>
void row(int64_t n, const T* x, int64_t sx, T* y, int64_t sy, F f) {
  if (sx == 1 && sy == 1) return vm::map(n, x, y, f);
  for (int64_t i = 0; i < n; ++i) y[i * sy] = f(x[i * sx]);
}

template <class T, class F>
void row(int64_t n, const T* a, int64_t sa, const T* b, int64_t sb, T* y, int64_t sy, F f) {
  if (sy == 1 && sa == 1 && sb == 1) return vm::map2(n, a, b, y, f);
  if (sy == 1 && sa == 1 && sb == 0) return vm::map(n, a, y, [f, b0 = *b](T v) { return f(v, b0); });
  if (sy == 1 && sa == 0 && sb == 1) return vm::map(n, b, y, [f, a0 = *a](T v) { return f(a0, v); });
  for (int64_t i = 0; i < n; ++i) y[i * sy] = f(a[i * sa], b[i * sb]);
}

}  // namespace

void unary(Unary op, DType dtype, int64_t n, const void* x, void* y, double p, double q) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    with_unary<T>(op, p, q, [&](auto f) {
      const T* from = static_cast<const T*>(x);
      T* to = static_cast<T*>(y);
      parallel_for(n, kGrain, [&](int64_t begin, int64_t end) { vm::map(end - begin, from + begin, to + begin, f); });
    });
  });
}

void unary(Unary op, DType dtype, const Loop<2>& loop, const void* x, void* y, double p, double q) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    with_unary<T>(op, p, q, [&](auto f) {
      loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
        row(n, static_cast<const T*>(x) + at[1], loop.inner_stride(1), static_cast<T*>(y) + at[0], loop.inner_stride(0), f);
      });
    });
  });
}

namespace {
template <class Body>
void dispatch_number(DType dtype, Body&& body) {
  if (dtype == DType::i64) return body(int64_t{});
  dispatch_floating(dtype, body);
}
}  // namespace

void binary(Binary op, DType dtype, int64_t n, const void* a, const void* b, void* y) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    with_binary<T>(op, [&](auto f) {
      const T *left = static_cast<const T*>(a), *right = static_cast<const T*>(b);
      T* to = static_cast<T*>(y);
      parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
        vm::map2(end - begin, left + begin, right + begin, to + begin, f);
      });
    });
  });
}

void binary(Binary op, DType dtype, const Loop<3>& loop, const void* a, const void* b, void* y) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    with_binary<T>(op, [&](auto f) {
      loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
        row(n, static_cast<const T*>(a) + at[1], loop.inner_stride(1), static_cast<const T*>(b) + at[2],
            loop.inner_stride(2), static_cast<T*>(y) + at[0], loop.inner_stride(0), f);
      });
    });
  });
}

void fill(DType dtype, const Loop<1>& loop, void* y, double value) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T v = static_cast<T>(value);
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
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
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      row(n, to, loop.inner_stride(0), to, loop.inner_stride(0), [s = static_cast<T>(factor)](T v) { return v * s; });
    });
  });
}

void add_scaled(DType dtype, const Loop<2>& loop, void* y, const void* x, double factor) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      row(n, to, loop.inner_stride(0), static_cast<const T*>(x) + at[1], loop.inner_stride(1), to, loop.inner_stride(0),
          [s = static_cast<T>(factor)](T v, T w) { return v + s * w; });
    });
  });
}

void accumulate(DType dtype, int64_t n, void* y, const void* x) { binary(Binary::add, dtype, n, y, x, y); }

void copy(DType to, DType from, const Loop<2>& loop, void* y, const void* x) {
  if (to == from && loop.rank == 1 && loop.inner_stride(0) == 1 && loop.inner_stride(1) == 1) {
    const int64_t size = item_size(to);
    parallel_for(loop.numel, 8 * kGrain, [&](int64_t begin, int64_t end) {
      std::memcpy(static_cast<char*>(y) + begin * size, static_cast<const char*>(x) + begin * size,
                  static_cast<size_t>((end - begin) * size));
    });
    return;
  }
  dispatch(to, [&](auto zero_to) {
    dispatch(from, [&](auto zero_from) {
      using T = decltype(zero_to);
      using F = decltype(zero_from);
      loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
        T* target = static_cast<T*>(y) + at[0];
        const F* source = static_cast<const F*>(x) + at[1];
        const int64_t st = loop.inner_stride(0), ss = loop.inner_stride(1);
        for (int64_t i = 0; i < n; ++i) target[i * st] = static_cast<T>(source[i * ss]);
      });
    });
  });
}

}  // namespace fovea::kernels
