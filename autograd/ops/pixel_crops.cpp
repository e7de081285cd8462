// Windows of whole pixels. They are linear in x: taking them and spreading them are each other's gradients, so
// derivatives of any order are made of the two.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/operators.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pixel_crops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/pixel_crops.h>

namespace fovea {
namespace {

using kernels::CropSizes;

Tensor plain_pixel_crops(const CropSizes& n, const Tensor& x, const Tensor& corners) {
  const auto places = [&](int64_t which, int64_t window, int64_t image) {  // [B, K, window]
    return unsqueeze(clamp(select(corners, 2, which), -static_cast<double>(window), static_cast<double>(image)), 2) +
           arange(window);
  };
  const auto on = [](const Tensor& at, int64_t image) {
    return logical_and(ge(at, 0.0), lt(at, static_cast<double>(image)));
  };
  const Tensor rows = unsqueeze(places(0, n.crop_rows, n.rows), 3),
               columns = unsqueeze(places(1, n.crop_columns, n.columns), 2);
  const Tensor there = unsqueeze(logical_and(on(rows, n.rows), on(columns, n.columns)), 1);  // [B, 1, K, h, w]
  const Tensor index = where(there, unsqueeze(rows * n.columns + columns, 1), full({}, 0, i64));
  const int64_t P = n.crops * n.crop_rows * n.crop_columns;
  const Tensor pixels = gather(flatten(x, 2, 3), 2, expand(reshape(index, {n.batch, 1, P}), {n.batch, n.channels, P}));
  const Tensor y = reshape(pixels, {n.batch, n.channels, n.crops, n.crop_rows, n.crop_columns});
  return transpose(where(there, y, full({}, 0, x.dtype())), 1, 2);
}

Tensor spread(const CropSizes& n, const Tensor& g, const Tensor& corners);

Tensor take(const CropSizes& n, const Tensor& x, const Tensor& corners) {
  const Tensor images = array::contiguous(x);
  Tensor y = empty({n.batch, n.crops, n.channels, n.crop_rows, n.crop_columns}, x.dtype());
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::pixel_crops<T>(n, images.data<T>(), corners.data<int64_t>(), y.data<T>());
  });
  return record("pixel_crops", {x}, y,
                [n, corners = saved(corners)](const Tensor& g) { return spread(n, g, corners.get()); });
}

Tensor spread(const CropSizes& n, const Tensor& g, const Tensor& corners) {
  const Tensor dense = array::contiguous(g);
  Tensor dx = empty({n.batch, n.channels, n.rows, n.columns}, g.dtype());
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::pixel_crops_spread<T>(n, dense.data<T>(), corners.data<int64_t>(), dx.data<T>());
  });
  return record("pixel_crops_spread", {g}, dx,
                [n, corners = saved(corners)](const Tensor& d) { return take(n, d, corners.get()); });
}

}  // namespace

Tensor pixel_crops(const Tensor& x, const Tensor& corners, const RowsColumns& size) {
  check::floating("pixel_crops", x), check::dtype("pixel_crops", "corners", corners, i64);
  const int64_t rank = corners.dim();
  if (x.dim() != 4 || (rank != 2 && rank != 3) || corners.size(0) != x.size(0) || corners.size(-1) != 2)
    throw ShapeError(fmt::format("pixel_crops: x is {}, corners {}; need x[B, C, H, W] and corners[B, 2] or [B, K, 2]",
                                 describe(x), describe(corners)));
  if (x.size(2) < 1 || x.size(3) < 1)
    throw ShapeError(fmt::format("pixel_crops: x is {}; need images with a pixel at least", describe(x)));
  if (size.rows < 1 || size.columns < 1)
    throw ValueError(fmt::format("pixel_crops: windows of ({}, {}); need at least 1", size.rows, size.columns));
  if (rank == 2) return squeeze(pixel_crops(x, unsqueeze(corners, 1), size), 1);
  const CropSizes n{x.size(0), corners.size(1), x.size(1), x.size(2), x.size(3), size.rows, size.columns};
  checked_numel("pixel_crops", {n.batch, n.crops, n.channels, n.crop_rows, n.crop_columns});
  return reference_mode() ? plain_pixel_crops(n, x, corners) : take(n, x, array::contiguous(corners));
}

}  // namespace fovea
