// Sampling of images between their pixels: the kernels, and the plain formula, which also gives second derivatives.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/operators.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/grid_sample.h>

#include <limits>

namespace fovea {
namespace {

using kernels::GridEdge;
using kernels::GridSizes;
using Two = std::array<Tensor, 2>;

// In pixels: q of columns, p of rows.
Tensor coordinate(const GridSizes& n, const Tensor& g, int64_t size) {
  const double last = static_cast<double>(size - 1), low = n.align_corners ? 0 : -0.5, span = last - 2 * low;
  const double all = static_cast<double>(size);
  Tensor at = n.align_corners ? (g + 1.0) / 2.0 * last : ((g + 1.0) * all - 1.0) / 2.0;
  if (n.edge == GridEdge::zeros) return at;
  Tensor inside = at;
  if (n.edge == GridEdge::reflection) {
    if (span <= 0) return where(isnan(at), at, zeros_like(at));
    const Tensor away = abs(at - low), flips = floor(away / span), rest = away - flips * span;
    inside = where(eq(remainder(flips, full({}, 2, g.dtype())), 0.0), rest + low, low + span - rest);
  }
  const Tensor held = clamp(inside.detach(), 0, last);
  return where(logical_or(logical_and(gt(inside, 0.0), lt(inside, last)), isnan(inside)), inside, held);
}

Tensor plain_grid_sample(const GridSizes& n, const Tensor& x, const Tensor& grid) {
  const int64_t B = n.batch, C = n.channels, P = n.places;
  const Tensor places = reshape(grid, {B, 1, P, 2}), images = flatten(x, 2, 3);
  const Tensor q = coordinate(n, select(places, 3, 0), n.columns), p = coordinate(n, select(places, 3, 1), n.rows);
  const auto pixel = [&](const Tensor& row, const Tensor& column) {  // [B, C, P], 0 where there is none
    const auto on = [](const Tensor& at, int64_t size) {
      return logical_and(ge(at, 0.0), lt(at, static_cast<double>(size)));
    };
    const Tensor there = logical_and(on(row, n.rows), on(column, n.columns));
    const Tensor index = to(masked_fill(row * static_cast<double>(n.columns) + column, logical_not(there), 0), i64);
    return where(there, gather(images, 2, expand(index, {B, C, P})), full({}, 0, x.dtype()));
  };
  Tensor y;
  if (n.nearest) {
    y = pixel(round(p.detach()), round(q.detach())) + 0.0 * where(isnan(p + q), p + q, zeros_like(p));
  } else {
    const Tensor row = floor(p), column = floor(q), far = logical_or(isinf(row), isinf(column));
    const Tensor below = where(far, zeros_like(p), p - row), right = where(far, zeros_like(q), q - column);
    const Tensor upper = (1.0 - right) * pixel(row, column) + right * pixel(row, column + 1.0),
                 lower = (1.0 - right) * pixel(row + 1.0, column) + right * pixel(row + 1.0, column + 1.0);
    y = (1.0 - below) * upper + below * lower;
  }
  return reshape(y, {B, C, grid.size(1), grid.size(2)});
}

GridSizes sizes_of(const Tensor& x, const Tensor& grid, const GridSampleOptions& options) {
  check::floating("grid_sample", x), check::same_dtype("grid_sample", x, grid);
  if (x.dim() != 4 || grid.dim() != 4 || grid.size(3) != 2 || grid.size(0) != x.size(0))
    throw ShapeError(fmt::format("grid_sample: x is {}, grid {}; need x[B, C, H, W] and grid[B, H', W', 2]",
                                 describe(x), describe(grid)));
  int64_t pixels;
  if (x.size(2) < 1 || x.size(3) < 1 || __builtin_mul_overflow(x.size(2), x.size(3), &pixels) ||
      pixels > std::numeric_limits<int32_t>::max())
    throw ShapeError(fmt::format("grid_sample: x is {}; need images of 1 to 2^31 - 1 pixels", describe(x)));
  checked_numel("grid_sample", {x.size(0), x.size(1), grid.size(1), grid.size(2)});
  const GridEdge edges[] = {GridEdge::zeros, GridEdge::border, GridEdge::reflection};
  return {x.size(0),
          x.size(1),
          x.size(2),
          x.size(3),
          grid.size(1) * grid.size(2),
          edges[static_cast<size_t>(options.padding)],
          options.mode == GridMode::nearest,
          options.align_corners};
}

}  // namespace

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
  check::floating("affine_grid", theta);
  if (theta.dim() != 3 || theta.size(1) != 2 || theta.size(2) != 3 || size.rank() != 4 || size[0] != theta.size(0) ||
      size[2] < 1 || size[3] < 1)
    throw ShapeError(
        fmt::format("affine_grid: theta is {}, size {}; need theta[B, 2, 3] and the size [B, C, H, W] of "
                    "images with pixels",
                    describe(theta), size.str()));
  const int64_t B = size[0], H = size[2], W = size[3];
  checked_numel("affine_grid", {B, H, W, 3});
  const auto line = [&](int64_t count) {  // places along one direction
    const double end = align_corners ? 1 : 1 - 1 / static_cast<double>(count);
    return count == 1 ? zeros({1}, theta.dtype()) : linspace(-end, end, count, theta.dtype());
  };
  const Tensor u = expand(unsqueeze(line(W), 0), {H, W}), v = expand(unsqueeze(line(H), 1), {H, W});
  const Tensor places = reshape(stack({u, v, ones({H, W}, theta.dtype())}, 2), {H * W, 3});
  return reshape(matmul(places, transpose(theta, 1, 2)), {B, H, W, 2});  // (1)
}

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options) {
  const GridSizes n = sizes_of(x, grid, options);
  if (reference_mode()) return plain_grid_sample(n, x, grid);
  const Tensor images = array::contiguous(x), places = array::contiguous(grid);
  Tensor y = empty({n.batch, n.channels, grid.size(1), grid.size(2)}, x.dtype());
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::grid_sample<T>(n, images.data<T>(), places.data<T>(), y.data<T>());  // (4), (5)
  });
  return record("grid_sample", {x, grid}, y, [n, x0 = saved(x), grid0 = saved(grid)](const Tensor& g) {
    const Two inputs{x0.get(), grid0.get()};
    if (grad_enabled()) {
      const auto plain = [&](std::span<const Tensor> in) {
        return std::vector<Tensor>{plain_grid_sample(n, in[0], in[1])};
      };
      const std::vector<Tensor> d = plain_vjp(plain, inputs, {&g, 1});
      return Two{d[0], d[1]};
    }
    const Tensor dy = array::contiguous(g), dense = array::contiguous(inputs[0]), at = array::contiguous(inputs[1]);
    Two d{needs_grad(0) ? empty_like(dense) : Tensor(), needs_grad(1) ? empty_like(at) : Tensor()};
    dispatch_floating(g.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const auto into = [](const Tensor& to) { return to.defined() ? to.data<T>() : nullptr; };
      kernels::grid_sample_backward<T>(n, dy.data<T>(), dense.data<T>(), at.data<T>(), into(d[0]), into(d[1]));
    });
    return d;
  });
}

}  // namespace fovea
