// Images in another size: means, largest elements and mixtures of pixels, along rows and columns one after the other.
// Made of ops, so derivatives of any order are there.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/operators.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pool.h>

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

// The elements along a dimension that an output meets: begin to end - 1.
struct Window {
  int64_t begin, end;
};
using Windows = std::vector<Window>;

void check_images(std::string_view op, const Tensor& x) {
  check::floating(op, x);
  if (x.dim() != 4 || x.size(2) < 1 || x.size(3) < 1)
    throw ShapeError(fmt::format("{}: x is {}; need x[B, C, H, W] with a pixel at least", op, describe(x)));
}

void check_size(std::string_view op, const Tensor& x, const RowsColumns& size) {
  check_images(op, x);
  if (size.rows < 1 || size.columns < 1)
    throw ValueError(fmt::format("{}: size ({}, {}); need at least 1", op, size.rows, size.columns));
  checked_numel(op, {x.size(0), x.size(1), size.rows, size.columns});
}

Windows adaptive(int64_t in, int64_t out) {
  Windows windows;
  for (int64_t i = 0; i < out; ++i) windows.push_back({i * in / out, ((i + 1) * in + out - 1) / out});
  return windows;
}

// Element u of each window along `dim`; of shorter ones the last again, and whether it is one of its own.
struct Tap {
  Tensor elements, own;
};
Tap tap_of(const Tensor& x, int64_t dim, const Windows& windows, int64_t u) {
  std::vector<int64_t> index;
  Shape column{1, 1, 1, 1};
  column[static_cast<int>(dim)] = static_cast<int64_t>(windows.size());
  Tensor own = empty(column, boolean);
  bool* const flags = own.data<bool>();
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto [begin, end] = windows[i];
    flags[i] = begin + u < end;
    index.push_back(std::clamp<int64_t>(std::min(begin + u, end - 1), 0, x.size(dim) - 1));
  }
  const auto count = static_cast<int64_t>(index.size());
  return {index_select(x, dim, from(index, {count})), own};
}

int64_t longest(const Windows& windows) {
  int64_t most = 1;
  for (const auto& [begin, end] : windows) most = std::max(most, end - begin);
  return most;
}

// `of` each window along `dim`, side by side.
template <class Of>
Tensor by_windows(const Tensor& x, int64_t dim, const Windows& windows, Of&& of) {
  std::vector<Tensor> each;
  for (const auto& [begin, end] : windows) each.push_back(of(slice(x, dim, begin, end)));
  return cat(each, dim);
}

// By taps or by windows: of fewer, for the gradient of each is an image.
bool few(const Windows& windows) { return static_cast<int64_t>(windows.size()) < longest(windows); }

// The sum of each window's elements along `dim`.
Tensor window_sums(const Tensor& x, int64_t dim, const Windows& windows) {
  if (few(windows)) return by_windows(x, dim, windows, [dim](const Tensor& part) { return sum(part, dim, true); });
  Tensor total;
  for (int64_t u = 0; u < longest(windows); ++u) {
    const Tap tap = tap_of(x, dim, windows, u);
    const Tensor term = where(tap.own, tap.elements, full({}, 0, x.dtype()));
    total = total.defined() ? total + term : term;
  }
  return total;
}

Tensor window_largest(const Tensor& x, int64_t dim, const Windows& windows) {
  if (few(windows))
    return by_windows(x, dim, windows, [dim](const Tensor& part) { return max_with_indices(part, dim, true).first; });
  std::vector<Tensor> taps;
  for (int64_t u = 0; u < longest(windows); ++u) taps.push_back(tap_of(x, dim, windows, u).elements);
  return max_with_indices(stack(taps, 0), 0).first;
}

// 1 / counts along rows and columns: [H', W'].
Tensor shares(const std::vector<double>& rows, const std::vector<double>& columns, DType dtype) {
  const auto R = static_cast<int64_t>(rows.size()), C = static_cast<int64_t>(columns.size());
  Tensor made = empty({R, C}, dtype);
  for (int64_t i = 0; i < R; ++i)
    for (int64_t j = 0; j < C; ++j)
      made.set({i, j}, 1 / (rows[static_cast<size_t>(i)] * columns[static_cast<size_t>(j)]));
  return made;
}

// What avg_pool2d meets along a direction, and by how many it divides.
struct Averages {
  Windows windows{};
  std::vector<double> counts{};
};
Averages averages(const Tensor& x, int64_t dim, int64_t kernel, int64_t stride, int64_t padding, bool up,
                  bool count_padding) {
  const int64_t in = x.size(dim);
  int64_t total;
  const bool adds = !__builtin_add_overflow(in, 2 * padding, &total);
  if (!adds || (kernel > total && !(up && stride - 1 >= kernel - total)))  // rounded up, one window may reach behind
    throw ShapeError(
        fmt::format("avg_pool2d: x is {}, dimension {}: kernel {}, padding {}; need a window that fits into "
                    "the image with its padding (pad more, or take a smaller one)",
                    describe(x), dim, kernel, padding));
  const int64_t rest = std::max<int64_t>(0, total - kernel), step = std::min(stride, total);
  int64_t out = (up && kernel <= total ? rest + step - 1 : rest) / step + 1;
  if (up && (out - 1) * step >= in + padding) --out;
  Averages made;
  for (int64_t i = 0; i < out; ++i) {
    const int64_t begin = i * step - padding, end = std::min(begin + kernel, in + padding);
    const Window on{std::max<int64_t>(begin, 0), std::min(end, in)};
    made.windows.push_back(on);
    made.counts.push_back(static_cast<double>(count_padding ? end - begin : on.end - on.begin));
  }
  return made;
}

// Along `dim`, two rows of x for each of y's and how far between them it lies.
Tensor along(const Tensor& x, int64_t dim, int64_t out, const InterpolateOptions& options) {
  const int64_t in = x.size(dim);
  std::vector<int64_t> first, second;
  std::vector<double> part;
  for (int64_t i = 0; i < out; ++i) {
    const double I = static_cast<double>(in), O = static_cast<double>(out), at = static_cast<double>(i);
    double place = options.align_corners ? (out > 1 ? at * (I - 1) / (O - 1) : 0) : (at + 0.5) * I / O - 0.5;
    place = std::clamp(place, 0.0, I - 1);
    const int64_t n = options.mode == InterpolateMode::nearest ? i * in / out : static_cast<int64_t>(place);
    first.push_back(n), second.push_back(std::min(n + 1, in - 1)), part.push_back(place - static_cast<double>(n));
  }
  Tensor lower = index_select(x, dim, from(first, {out}));
  if (options.mode == InterpolateMode::nearest) return lower;
  Shape column{1, 1, 1, 1};
  column[static_cast<int>(dim)] = out;
  const Tensor p = reshape(to(from(part, {out}), x.dtype()), column);
  const Tensor mixed = (1.0 - p) * lower + p * index_select(x, dim, from(second, {out}));
  return where(eq(p, 0.0), lower, mixed);  // no 0 times infinity
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, const RowsColumns& kernel, const AvgPool2dOptions& options) {
  check_images("avg_pool2d", x);
  const RowsColumns stride = options.stride.value_or(kernel), padding = options.padding;
  if (std::min({kernel.rows, kernel.columns, stride.rows, stride.columns}) < 1 ||
      std::min(padding.rows, padding.columns) < 0 || padding.rows > kernel.rows / 2 ||
      padding.columns > kernel.columns / 2)
    throw ValueError(
        fmt::format("avg_pool2d: kernel ({}, {}), stride ({}, {}), padding ({}, {}); need at least 1, and a "
                    "padding from 0 to half of the kernel",
                    kernel.rows, kernel.columns, stride.rows, stride.columns, padding.rows, padding.columns));
  const auto of = [&](int64_t dim, int64_t k, int64_t step, int64_t pad) {
    return averages(x, dim, k, step, pad, options.ceil_mode, options.count_include_pad);
  };
  const Averages rows = of(2, kernel.rows, stride.rows, padding.rows),
                 columns = of(3, kernel.columns, stride.columns, padding.columns);
  return window_sums(window_sums(x, 3, columns.windows), 2, rows.windows) *
         shares(rows.counts, columns.counts, x.dtype());
}

Tensor adaptive_avg_pool2d(const Tensor& x, const RowsColumns& size) {
  check_size("adaptive_avg_pool2d", x, size);
  if (x.numel() == 0) return reshape(x, {x.size(0), x.size(1), size.rows, size.columns});
  const Windows rows = adaptive(x.size(2), size.rows), columns = adaptive(x.size(3), size.columns);
  const auto counts = [](const Windows& windows) {
    std::vector<double> made;
    for (const auto& [begin, end] : windows) made.push_back(static_cast<double>(end - begin));
    return made;
  };
  return window_sums(window_sums(x, 3, columns), 2, rows) * shares(counts(rows), counts(columns), x.dtype());
}

Tensor adaptive_max_pool2d(const Tensor& x, const RowsColumns& size) {
  check_size("adaptive_max_pool2d", x, size);
  if (x.numel() == 0) return reshape(x, {x.size(0), x.size(1), size.rows, size.columns});
  return window_largest(window_largest(x, 3, adaptive(x.size(3), size.columns)), 2, adaptive(x.size(2), size.rows));
}

Tensor interpolate(const Tensor& x, const RowsColumns& size, const InterpolateOptions& options) {
  check_size("interpolate", x, size);
  if (options.align_corners && options.mode == InterpolateMode::nearest)
    throw ValueError("interpolate: align_corners goes with bilinear alone");
  if (x.numel() == 0) return reshape(x, {x.size(0), x.size(1), size.rows, size.columns});
  return along(along(x, 3, size.columns, options), 2, size.rows, options);
}

}  // namespace fovea
