#include <fovea/core/kernels/fold.h>
#include <fovea/core/kernels/vector_math.h>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

namespace fovea::kernels {
namespace {

constexpr int64_t kSteps = 64;      // operations in a row on one lane
constexpr int64_t kColumns = 512;   // columns folded together
constexpr int64_t kGather = 512;    // elements brought together from a strided row
constexpr int64_t kPiece = 131072;  // elements of one fold that are worth a thread of their own

// step: an element into a lane, at most kSteps of them. meet: two lanes. join: totals. finish: the result of n
// elements.
template <class T>
struct Sum {
  using Lane = T;
  using Total = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
  static constexpr T kStart = 0;
  static Lane step(Lane lane, T v) { return plus(lane, v); }
  static Lane meet(Lane a, Lane b) { return plus(a, b); }
  static Total join(Total a, Total b) { return plus(a, b); }
  static T finish(Total total, int64_t) { return static_cast<T>(total); }
  template <class N>
  static N plus(N a, N b) {
    return static_cast<N>(vm::Wrapping<N>(a) + vm::Wrapping<N>(b));
  }
};
template <class T>
struct Mean : Sum<T> {
  static T finish(double total, int64_t n) { return static_cast<T>(total / static_cast<double>(n)); }
};
template <class T>
struct Norm {
  using Lane = double;
  using Total = double;
  static constexpr double kStart = 0;
  static double step(double lane, T v) { return lane + static_cast<double>(v) * static_cast<double>(v); }
  static double meet(double a, double b) { return a + b; }
  static double join(double a, double b) { return a + b; }
  static T finish(double total, int64_t) { return static_cast<T>(std::sqrt(total)); }
};
// In units of 2^-exponent, for squares that leave the range of double.
template <int exponent>
struct ScaledNorm : Norm<double> {
  static double step(double lane, double v) { return Norm<double>::step(lane, std::ldexp(1.0, exponent) * v); }
  static double finish(double total, int64_t) { return std::ldexp(std::sqrt(total), -exponent); }
};
template <class T, bool largest>
struct Extreme {
  using Lane = T;
  using Total = T;
  using Limits = std::numeric_limits<T>;
  static constexpr T kTop = Limits::has_infinity ? Limits::infinity() : Limits::max();
  static constexpr T kBottom = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  static constexpr T kStart = largest ? kBottom : kTop;
  static T step(T lane, T v) {
    const bool better = largest ? v > lane : v < lane;
    return (better || v != v) ? v : lane;
  }
  static T meet(T a, T b) { return step(a, b); }
  static T join(T a, T b) { return step(a, b); }
  static T finish(T total, int64_t) { return total; }
};

template <class T>
inline constexpr int kLanes = 4 * vm::kWidth<T>;

// Up to kSteps * kLanes contiguous elements.
template <class Op, class T>
typename Op::Total fold_block(int64_t n, const T* x) {
  if (n < 8) {
    typename Op::Lane lane = Op::kStart;
    for (int64_t i = 0; i < n; ++i) lane = Op::step(lane, x[i]);
    return lane;
  }
  constexpr int L = kLanes<T>;
  typename Op::Lane lanes[L];
  for (int j = 0; j < L; ++j) lanes[j] = Op::kStart;
  int64_t i = 0;
  for (; i + L <= n; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) lanes[j] = Op::step(lanes[j], x[i + j]);
  }
  for (int j = 0; i + j < n; ++j) lanes[j] = Op::step(lanes[j], x[i + j]);
#pragma GCC unroll 8
  for (int half = L / 2; half > 0; half /= 2) {
#pragma omp simd
    for (int j = 0; j < half; ++j) lanes[j] = Op::meet(lanes[j], lanes[j + half]);
  }
  return lanes[0];
}

template <class Op, class T>
typename Op::Total fold_row(int64_t n, const T* x, int64_t stride) {
  typename Op::Total total = Op::kStart;
  if (stride == 1) {
    constexpr int64_t kBlock = kSteps * kLanes<T>;
    for (int64_t i = 0; i < n; i += kBlock) total = Op::join(total, fold_block<Op>(std::min(kBlock, n - i), x + i));
    return total;
  }
  T row[kGather];
  for (int64_t i = 0; i < n; i += kGather) {
    const int64_t count = std::min(kGather, n - i);
    for (int64_t j = 0; j < count; ++j) row[j] = x[(i + j) * stride];
    total = Op::join(total, fold_block<Op>(count, row));
  }
  return total;
}

// Pieces of the reduced elements, as ranges of elements (one merged dimension) or of rows.
struct Pieces {
  Pieces(const Loop<1>& reduced, int64_t width) {
    whole = reduced.rank == 1 ? reduced.numel : reduced.rows();
    const int64_t each = width * (reduced.rank == 1 ? 1 : reduced.inner());
    size = std::max<int64_t>(kSteps, kPiece / std::max<int64_t>(1, each));
    count = whole == 0 ? 1 : (whole + size - 1) / size;
  }
  int64_t end(int64_t piece) const { return std::min(whole, (piece + 1) * size); }
  int64_t whole, size, count;
};

// Calls body(offset, n, stride) for the runs of elements in [first, last) of `pieces`.
template <class Body>
void for_runs(const Loop<1>& reduced, int64_t first, int64_t last, Body&& body) {
  if (reduced.numel == 0) return;
  const int64_t stride = reduced.inner_stride(0);
  if (reduced.rank == 1) return body(first * stride, last - first, stride);
  reduced.for_rows(first, last, [&](const int64_t* at) { body(at[0], reduced.inner(), stride); });
}

// Runs body(piece, totals) for each piece, totals[0 .. kept) being its share, and writes the joined results.
template <class Op, class T, class Body>
void join_pieces(const FoldLoop& loop, const Pieces& pieces, T* y, Body&& body) {
  using Total = typename Op::Total;
  const int64_t kept = loop.kept.numel, n = loop.reduced.numel;
  std::vector<Total> totals(static_cast<size_t>(kept * pieces.count));
  parallel_chunks(pieces.count, [&](int64_t piece) { body(piece, totals.data() + piece * kept); });
  for (int64_t i = 0; i < kept; ++i) {
    Total total = totals[static_cast<size_t>(i)];
    for (int64_t p = 1; p < pieces.count; ++p) total = Op::join(total, totals[static_cast<size_t>(p * kept + i)]);
    y[i] = Op::finish(total, n);
  }
}

// The reduced elements of one y are runs in memory (or anything else).
template <class Op, class T>
void fold_rows(const FoldLoop& loop, const T* x, T* y) {
  using Total = typename Op::Total;
  const Loop<1>& reduced = loop.reduced;
  const Pieces pieces(reduced, 1);
  const auto part = [&](const T* from, int64_t first, int64_t last) {
    Total total = Op::kStart;
    for_runs(reduced, first, last, [&](int64_t offset, int64_t n, int64_t stride) {
      total = Op::join(total, fold_row<Op>(n, from + offset, stride));
    });
    return total;
  };
  const auto each = [&](const int64_t* at, int64_t count, auto&& body) {
    for (int64_t i = 0; i < count; ++i)
      body(at[0] + i * loop.kept.inner_stride(0), x + at[1] + i * loop.kept.inner_stride(1));
  };
  if (pieces.count > 1 && loop.kept.numel < 64) {
    join_pieces<Op>(loop, pieces, y, [&](int64_t piece, Total* totals) {
      loop.kept.for_rows(0, loop.kept.rows(), [&](const int64_t* at) {
        each(at, loop.kept.inner(),
             [&](int64_t to, const T* from) { totals[to] = part(from, piece * pieces.size, pieces.end(piece)); });
      });
    });
    return;
  }
  loop.kept.parallel_rows(std::max<int64_t>(1, kGrain / std::max<int64_t>(1, reduced.numel)), [&](const int64_t* at,
                                                                                                  int64_t count) {
    each(at, count, [&](int64_t to, const T* from) { y[to] = Op::finish(part(from, 0, pieces.whole), reduced.numel); });
  });
}

// Folds `width` <= kColumns neighbouring columns at once into totals.
template <class Op, class T>
void fold_columns(const Loop<1>& reduced, int64_t first, int64_t last, const T* x, int64_t width,
                  typename Op::Total* totals) {
  typename Op::Lane lanes[kColumns];
  int64_t steps = 0;
  for (int64_t c = 0; c < width; ++c) {
    totals[c] = Op::kStart;
    lanes[c] = Op::kStart;
  }
  const auto flush = [&] {
    for (int64_t c = 0; c < width; ++c) {
      totals[c] = Op::join(totals[c], lanes[c]);
      lanes[c] = Op::kStart;
    }
    steps = 0;
  };
  for_runs(reduced, first, last, [&](int64_t offset, int64_t n, int64_t stride) {
    const T* row = x + offset;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4, row += 4 * stride) {
      if (steps + 4 > kSteps) flush();
      const T *a = row, *b = a + stride, *c = b + stride, *d = c + stride;
#pragma omp simd
      for (int64_t k = 0; k < width; ++k)
        lanes[k] = Op::step(Op::step(Op::step(Op::step(lanes[k], a[k]), b[k]), c[k]), d[k]);
      steps += 4;
    }
    for (; i < n; ++i, row += stride) {
      if (steps + 1 > kSteps) flush();
#pragma omp simd
      for (int64_t k = 0; k < width; ++k) lanes[k] = Op::step(lanes[k], row[k]);
      ++steps;
    }
  });
  flush();
}

// Neighbours in y are neighbours in x.
template <class Op, class T>
void fold_matrix(const FoldLoop& loop, const T* x, T* y) {
  using Total = typename Op::Total;
  const Loop<1>& reduced = loop.reduced;
  const int64_t inner = loop.kept.inner(), width = std::min(inner, kColumns), n = reduced.numel;
  const Pieces pieces(reduced, width);
  const auto each_block = [&](int64_t count, auto&& body) {
    for (int64_t c = 0; c < count; c += kColumns) body(c, std::min(kColumns, count - c));
  };
  if (pieces.count > 1 && loop.kept.numel < 64 * kColumns) {
    join_pieces<Op>(loop, pieces, y, [&](int64_t piece, Total* totals) {
      loop.kept.for_rows(0, loop.kept.rows(), [&](const int64_t* at) {
        each_block(inner, [&](int64_t c, int64_t count) {
          fold_columns<Op>(reduced, piece * pieces.size, pieces.end(piece), x + at[1] + c, count, totals + at[0] + c);
        });
      });
    });
    return;
  }
  loop.kept.parallel_rows(std::max(width, kGrain / std::max<int64_t>(1, n)), [&](const int64_t* at, int64_t columns) {
    Total totals[kColumns];
    each_block(columns, [&](int64_t c, int64_t count) {
      fold_columns<Op>(reduced, 0, pieces.whole, x + at[1] + c, count, totals);
      for (int64_t k = 0; k < count; ++k) y[at[0] + c + k] = Op::finish(totals[k], n);
    });
  });
}

template <class Op, class T>
void fold_any(const FoldLoop& loop, const T* x, T* y) {
  if (loop.kept.numel == 0) return;
  const bool rows = loop.reduced.inner_stride(0) == 1 || loop.reduced.numel <= 1;
  if (!rows && loop.kept.inner() > 1 && loop.kept.inner_stride(1) == 1)
    fold_matrix<Op>(loop, x, y);
  else
    fold_rows<Op>(loop, x, y);
}

// Lengths whose squares do not fit double are measured again, in other units.
void fold_norm(const FoldLoop& loop, const double* x, double* y) {
  constexpr int kUnit = 600;
  constexpr double kLow = 0x1p-480, kHigh = 0x1p480;
  fold_any<Norm<double>>(loop, x, y);
  const int64_t n = loop.kept.numel;
  const bool low = std::any_of(y, y + n, [](double v) { return v < kLow; });
  const bool high = std::any_of(y, y + n, [](double v) { return v > kHigh; });
  if ((!low && !high) || loop.reduced.numel == 0) return;
  std::vector<double> again(static_cast<size_t>(n));
  const auto replace = [&](auto&& outside) {
    for (int64_t i = 0; i < n; ++i)
      if (outside(y[i])) y[i] = again[static_cast<size_t>(i)];
  };
  if (high) fold_any<ScaledNorm<-kUnit>>(loop, x, again.data());
  if (high) replace([](double v) { return v > kHigh; });
  if (low) fold_any<ScaledNorm<kUnit>>(loop, x, again.data());
  if (low) replace([](double v) { return v < kLow; });
}

// The dimensions whose bit in `chosen` is set.
Shape pick(const Shape& values, unsigned chosen) {
  Shape out;
  for (int d = 0; d < values.rank(); ++d)
    if ((chosen >> d) & 1u) out.append(values[d]);
  return out;
}

Loop<1> by_falling_stride(Shape shape, Shape strides) {
  for (int i = 1; i < shape.rank(); ++i)
    for (int j = i; j > 0 && strides[j] > strides[j - 1]; --j) {
      std::swap(strides[j], strides[j - 1]);
      std::swap(shape[j], shape[j - 1]);
    }
  return Loop<1>(shape, strides);
}

Loop<2> in_order(const Shape& shape, const Shape& strides) { return {shape, contiguous_strides(shape), strides}; }

}  // namespace

FoldLoop::FoldLoop(const Shape& shape, const Shape& strides, unsigned reduced_dims)
    : kept(in_order(pick(shape, ~reduced_dims), pick(strides, ~reduced_dims))),
      reduced(by_falling_stride(pick(shape, reduced_dims), pick(strides, reduced_dims))) {}

void fold(Fold op, DType dtype, const FoldLoop& loop, const void* x, void* y) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    const T* from = static_cast<const T*>(x);
    T* to = static_cast<T*>(y);
    switch (op) {
      case Fold::sum:
        return fold_any<Sum<T>>(loop, from, to);
      case Fold::max:
        return fold_any<Extreme<T, true>>(loop, from, to);
      case Fold::min:
        return fold_any<Extreme<T, false>>(loop, from, to);
      case Fold::mean:
        if constexpr (std::is_floating_point_v<T>) fold_any<Mean<T>>(loop, from, to);
        return;
      case Fold::norm:
        if constexpr (std::is_same_v<T, double>) fold_norm(loop, from, to);
        if constexpr (std::is_same_v<T, float>) fold_any<Norm<T>>(loop, from, to);
        return;
    }
  };
  if (dtype == DType::i64) return run(int64_t{});
  dispatch_floating(dtype, run);
}

namespace {

// y_i = x_0 + ... + x_i for `inner` columns at once.
template <class T, class Total>
void cumulate(int64_t n, int64_t inner, const T* x, T* y, Total* sums) {
  if (inner == 1) {
    Total sum = 0;
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<T>(sum += static_cast<Total>(x[i]));
    return;
  }
  std::fill(sums, sums + inner, Total(0));
  for (int64_t i = 0; i < n; ++i, x += inner, y += inner)
#pragma omp simd
    for (int64_t k = 0; k < inner; ++k) {
      sums[k] += static_cast<Total>(x[k]);
      y[k] = static_cast<T>(sums[k]);
    }
}

}  // namespace

void cumulative_sum(DType dtype, int64_t outer, int64_t n, int64_t inner, const void* x, void* y) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    const int64_t size = n * inner;
    parallel_for(outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, size)), [&](int64_t begin, int64_t end) {
      std::vector<vm::Wrapping<typename Sum<T>::Total>> sums(static_cast<size_t>(inner));
      for (int64_t o = begin; o < end; ++o)
        cumulate(n, inner, static_cast<const T*>(x) + o * size, static_cast<T*>(y) + o * size, sums.data());
    });
  };
  if (dtype == DType::i64) return run(int64_t{});
  dispatch_floating(dtype, run);
}

void arg_fold(DType dtype, bool largest, int64_t rows, int64_t n, const void* x, int64_t* y) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    parallel_for(rows, std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* row = static_cast<const T*>(x) + r * n;
        const T best = largest ? fold_row<Extreme<T, true>>(n, row, 1) : fold_row<Extreme<T, false>>(n, row, 1);
        y[r] = std::find_if(row, row + n, [best](T v) { return v == best || v != v; }) - row;
      }
    });
  };
  if (dtype == DType::i64) return run(int64_t{});
  dispatch_floating(dtype, run);
}

}  // namespace fovea::kernels
