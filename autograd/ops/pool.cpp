// Pooling. With the positions of the largest elements known it is linear in x: spread, which sends each of g to its
// position, and pick, which reads there, are each other's gradients, so derivatives of any order are made of the two.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pool.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/pool.h>

#include <algorithm>
#include <limits>

namespace fovea {
namespace {

using kernels::PoolAxis;
using kernels::PoolSizes;

struct Images {
  Shape x, y;
  PoolSizes sizes;
};

Tensor plain_max_pool2d(const Images& n, const Tensor& x) {
  const PoolAxis &r = n.sizes.rows, &c = n.sizes.columns;
  const auto reach = [](const PoolAxis& a) { return (a.out - 1) * a.stride + a.dilation * (a.kernel - 1) + 1; };
  const auto behind = [&](const PoolAxis& a) { return std::max<int64_t>(0, reach(a) - a.in - a.padding); };
  const Tensor padded = pad(x, {c.padding, behind(c), r.padding, behind(r)}, -std::numeric_limits<double>::infinity());
  const auto tap = [](const Tensor& from, int dim, const PoolAxis& a, int64_t u) {
    return slice(from, dim, u * a.dilation, u * a.dilation + (a.out - 1) * a.stride + 1, a.stride);
  };
  std::vector<Tensor> taps;
  for (int64_t u = 0; u < r.kernel; ++u)
    for (int64_t v = 0; v < c.kernel; ++v) taps.push_back(tap(tap(padded, 2, r, u), 3, c, v));
  return max_with_indices(stack(taps, 0), 0).first;
}

Tensor pick(const Images& n, const Tensor& x, const Tensor& positions);

Tensor spread(const Images& n, const Tensor& g, const Tensor& positions) {
  const Tensor dense = array::contiguous(g);
  Tensor dx = empty(n.x, g.dtype());
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::max_pool2d_spread<T>(n.sizes, dense.data<T>(), positions.data<int32_t>(), dx.data<T>());
  });
  return record("max_pool2d_spread", {g}, dx,
                [n, positions = saved(positions)](const Tensor& d) { return pick(n, d, positions.get()); });
}

Tensor pick(const Images& n, const Tensor& x, const Tensor& positions) {
  const Tensor dense = array::contiguous(x);
  Tensor y = empty(n.y, x.dtype());
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::max_pool2d_pick<T>(n.sizes, dense.data<T>(), positions.data<int32_t>(), y.data<T>());
  });
  return record("max_pool2d_pick", {x}, y,
                [n, positions = saved(positions)](const Tensor& g) { return spread(n, g, positions.get()); });
}

PoolAxis axis_of(const Tensor& x, int dim, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool up) {
  const int64_t in = x.size(dim);
  int64_t reach, total;  // from the first tap to the last; of padded x
  if (in < 1 || __builtin_mul_overflow(kernel - 1, dilation, &reach) ||
      __builtin_add_overflow(in, 2 * padding, &total) ||
      (reach >= total && !(up && stride - 1 >= reach + 1 - total)))  // rounded up, one window may reach behind
    throw ShapeError(
        fmt::format("max_pool2d: x is {}, dimension {}: kernel {}, dilation {}, padding {}; need an image of at least "
                    "1 x 1 and a window that fits into it with its padding",
                    describe(x), dim, kernel, dilation, padding));
  const int64_t rest = std::max<int64_t>(0, total - reach - 1), step = std::min(stride, total);
  int64_t out = (up && reach < total ? rest + step - 1 : rest) / step + 1;
  if (up && (out - 1) * step >= in + padding) --out;
  return {in, kernel, step, padding, dilation, out};
}

Images sizes_of(const Tensor& x, const RowsColumns& kernel, const MaxPool2dOptions& o) {
  check::floating("max_pool2d", x);
  if (x.dim() != 4) throw ShapeError(fmt::format("max_pool2d: x is {}; need x[B, C, H, W]", describe(x)));
  const RowsColumns stride = o.stride.value_or(kernel);
  const auto least = [](const RowsColumns& sizes) { return std::min(sizes.rows, sizes.columns); };
  if (std::min({least(kernel), least(stride), least(o.dilation)}) < 1 || least(o.padding) < 0 ||
      o.padding.rows > kernel.rows / 2 || o.padding.columns > kernel.columns / 2)
    throw ValueError(
        fmt::format("max_pool2d: kernel ({}, {}), stride ({}, {}), padding ({}, {}), dilation ({}, {}); need at least "
                    "1, and a padding from 0 to half of the kernel",
                    kernel.rows, kernel.columns, stride.rows, stride.columns, o.padding.rows, o.padding.columns,
                    o.dilation.rows, o.dilation.columns));
  int64_t pixels;
  if (__builtin_mul_overflow(x.size(2), x.size(3), &pixels) || pixels > std::numeric_limits<int32_t>::max())
    throw ShapeError(
        fmt::format("max_pool2d: x is {}; need images of fewer than 2^31 pixels, to be cut up first", describe(x)));
  Images n{x.shape(), x.shape(), {x.size(0) * x.size(1), {}, {}}};
  n.sizes.rows = axis_of(x, 2, kernel.rows, stride.rows, o.padding.rows, o.dilation.rows, o.ceil_mode);
  n.sizes.columns = axis_of(x, 3, kernel.columns, stride.columns, o.padding.columns, o.dilation.columns, o.ceil_mode);
  n.y[2] = n.sizes.rows.out, n.y[3] = n.sizes.columns.out;
  checked_numel("max_pool2d", n.y);
  return n;
}

}  // namespace

Tensor max_pool2d(const Tensor& x, const RowsColumns& kernel, const MaxPool2dOptions& options) {
  const Images n = sizes_of(x, kernel, options);
  if (reference_mode()) return plain_max_pool2d(n, x);
  const Tensor images = array::contiguous(x);
  Tensor y = empty(n.y, x.dtype());
  const Tensor positions = empty(n.y, i32);
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::max_pool2d<T>(n.sizes, images.data<T>(), y.data<T>(), positions.data<int32_t>());
  });
  return record("max_pool2d", {x}, y,
                [n, positions = saved(positions)](const Tensor& g) { return spread(n, g, positions.get()); });
}

}  // namespace fovea
