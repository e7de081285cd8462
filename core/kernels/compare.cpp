#include <fovea/core/kernels/compare.h>

#include <cmath>

namespace fovea::kernels {
namespace {

// y = f(a, b) row by row; rows whose steps are 1 (or 0 for b) are loops that the compiler turns into vectors.
template <class Y, class T, class F>
void rows(const Loop<3>& loop, void* y, const void* a, const void* b, F f) {
  const int64_t sy = loop.inner_stride(0), sa = loop.inner_stride(1), sb = loop.inner_stride(2);
  loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
    Y* to = static_cast<Y*>(y) + at[0];
    const T* left = static_cast<const T*>(a) + at[1];
    const T* right = static_cast<const T*>(b) + at[2];
    if (sy == 1 && sa == 1 && sb == 1) {
      for (int64_t i = 0; i < n; ++i) to[i] = f(left[i], right[i]);
    } else if (sy == 1 && sa == 1 && sb == 0) {
      const T fixed = *right;
      for (int64_t i = 0; i < n; ++i) to[i] = f(left[i], fixed);
    } else {
      for (int64_t i = 0; i < n; ++i) to[i * sy] = f(left[i * sa], right[i * sb]);
    }
  });
}

// Whether f holds for all elements; stops at the first row where it does not.
template <class T, class F>
bool holds(const Loop<1>& loop, const void* x, F f) {
  bool result = true;
  const int64_t n = loop.inner(), stride = loop.inner_stride(0);
  loop.for_rows(0, loop.rows(), [&](const int64_t* at) {
    if (!result) return;
    const T* from = static_cast<const T*>(x) + at[0];
    bool row = true;
    for (int64_t i = 0; i < n; ++i) row &= f(from[i * stride]);
    result = row;
  });
  return result;
}

template <class T, class F>
bool holds(const Loop<2>& loop, const void* a, const void* b, F f) {
  bool result = true;
  const int64_t n = loop.inner(), sa = loop.inner_stride(0), sb = loop.inner_stride(1);
  loop.for_rows(0, loop.rows(), [&](const int64_t* at) {
    if (!result) return;
    const T* left = static_cast<const T*>(a) + at[0];
    const T* right = static_cast<const T*>(b) + at[1];
    bool row = true;
    for (int64_t i = 0; i < n; ++i) row &= f(left[i * sa], right[i * sb]);
    result = row;
  });
  return result;
}

// Any type of the same width moves the same way.
template <class Body>
decltype(auto) dispatch_width(DType dtype, Body&& body) {
  switch (item_size(dtype)) {
    case 1:
      return body(uint8_t{});
    case 4:
      return body(uint32_t{});
    default:
      return body(uint64_t{});
  }
}

// As in Python: fmod is exact, so the quotient is a whole number but for rounding, which the last step undoes.
template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == -1) return static_cast<T>(-static_cast<uint64_t>(a));  // the lowest number has no opposite: it wraps
    const T q = a / b;
    return q - T(a % b != 0 && (a < 0) != (b < 0));
  } else {
    if (b == 0) return a / b;
    const T rest = std::fmod(a, b);
    T q = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) q -= 1;
    if (q == 0) return std::copysign(T(0), a / b);
    const T whole = std::floor(q);
    return q - whole > T(0.5) ? whole + 1 : whole;
  }
}

template <class T>
T remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == -1) return 0;
    const T rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  } else {
    const T rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
}

}  // namespace

void compare(Compare op, DType dtype, const Loop<3>& loop, void* y, const void* a, const void* b) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    switch (op) {
      case Compare::eq:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u == v; });
      case Compare::ne:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u != v; });
      case Compare::lt:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u < v; });
      case Compare::le:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u <= v; });
      case Compare::gt:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u > v; });
      case Compare::ge:
        return rows<bool, T>(loop, y, a, b, [](T u, T v) { return u >= v; });
    }
  });
}

void logical(Logical op, const Loop<3>& loop, void* y, const void* a, const void* b) {
  switch (op) {
    case Logical::conjunction:
      return rows<bool, bool>(loop, y, a, b, [](bool u, bool v) { return u & v; });
    case Logical::disjunction:
      return rows<bool, bool>(loop, y, a, b, [](bool u, bool v) { return u | v; });
  }
}

void logical_not(const Loop<2>& loop, void* y, const void* x) {
  loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
    bool* to = static_cast<bool*>(y) + at[0];
    const bool* from = static_cast<const bool*>(x) + at[1];
    for (int64_t i = 0; i < n; ++i) to[i * loop.inner_stride(0)] = !from[i * loop.inner_stride(1)];
  });
}

void isfinite(DType dtype, const Loop<2>& loop, void* y, const void* x) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
      bool* to = static_cast<bool*>(y) + at[0];
      const T* from = static_cast<const T*>(x) + at[1];
      for (int64_t i = 0; i < n; ++i) {
        const T v = from[i * loop.inner_stride(1)];
        if constexpr (std::is_floating_point_v<T>)
          to[i * loop.inner_stride(0)] = std::isfinite(v);
        else
          to[i * loop.inner_stride(0)] = true;
      }
    });
  });
}

void divide(Division op, DType dtype, const Loop<3>& loop, void* y, const void* a, const void* b) {
  const auto body = [&](auto zero) {
    using T = decltype(zero);
    switch (op) {
      case Division::quotient:
        return rows<T, T>(loop, y, a, b, [](T u, T v) { return quotient(u, v); });
      case Division::remainder:
        return rows<T, T>(loop, y, a, b, [](T u, T v) { return remainder(u, v); });
    }
  };
  if (dtype == DType::i64) return body(int64_t{});
  dispatch_floating(dtype, body);
}

bool any_zero(const Loop<1>& loop, const void* i64_values) {
  return !holds<int64_t>(loop, i64_values, [](int64_t v) { return v != 0; });
}
bool all(const Loop<1>& loop, const void* bools) {
  return holds<bool>(loop, bools, [](bool v) { return v; });
}
bool any(const Loop<1>& loop, const void* bools) {
  return !holds<bool>(loop, bools, [](bool v) { return !v; });
}

bool allclose(DType dtype, const Loop<2>& loop, const void* a, const void* b, double rtol, double atol) {
  return dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    return holds<T>(loop, a, b, [=](T u, T v) {
      const double x = static_cast<double>(u), y = static_cast<double>(v);
      const double far = std::abs(x - y);
      return u == v || (std::isfinite(far) && far <= atol + rtol * std::abs(y));
    });
  });
}

bool identical(DType dtype, const Loop<2>& loop, const void* a, const void* b) {
  return dispatch_width(dtype, [&](auto zero) {
    using T = decltype(zero);
    return holds<T>(loop, a, b, [](T u, T v) { return u == v; });
  });
}

void where(DType dtype, const Loop<4>& loop, void* y, const void* condition, const void* a, const void* b) {
  dispatch_width(dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t sy = loop.inner_stride(0), sc = loop.inner_stride(1), sa = loop.inner_stride(2),
                  sb = loop.inner_stride(3);
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      const uint8_t* choose = static_cast<const uint8_t*>(condition) + at[1];
      const T* left = static_cast<const T*>(a) + at[2];
      const T* right = static_cast<const T*>(b) + at[3];
      if (sy == 1 && sc == 1 && sa == 1 && sb == 1) {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) {
          const T u = left[i], v = right[i];  // both are read, so that no branch is left
          to[i] = choose[i] != 0 ? u : v;
        }
      } else {
        for (int64_t i = 0; i < n; ++i) to[i * sy] = choose[i * sc] ? left[i * sa] : right[i * sb];
      }
    });
  });
}

void masked_fill(DType dtype, const Loop<3>& loop, void* y, const void* mask, const void* x, double value) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T fixed = static_cast<T>(value);
    const int64_t sy = loop.inner_stride(0), sm = loop.inner_stride(1), sx = loop.inner_stride(2);
    loop.parallel_rows(kGrain, [&](const int64_t* at, int64_t n) {
      T* to = static_cast<T*>(y) + at[0];
      const uint8_t* masked = static_cast<const uint8_t*>(mask) + at[1];
      const T* from = static_cast<const T*>(x) + at[2];
      if (sy == 1 && sm == 1 && sx == 1) {
        const T filler = fixed;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) {
          const T v = from[i];  // read in any case, so that no branch is left
          to[i] = masked[i] != 0 ? filler : v;
        }
      } else {
        for (int64_t i = 0; i < n; ++i) to[i * sy] = masked[i * sm] ? fixed : from[i * sx];
      }
    });
  });
}

}  // namespace fovea::kernels
