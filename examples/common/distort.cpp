#include "examples/common/distort.h"

#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <cmath>
#include <numbers>

namespace fovea::examples {
namespace {

void check_images(const char* op, const Tensor& images) {
  check::floating(op, images);
  if (images.dim() != 4 || images.size(2) < 1 || images.size(3) < 1)
    throw ShapeError(fmt::format("{}: images are {}; need [B, C, H, W] with at least one pixel", op, describe(images)));
}

void require(bool holds, const char* op, const char* what, double number, const std::string& rule) {
  if (!holds) throw ValueError(fmt::format("{}: {} is {}; need {}", op, what, number, rule));
}

void require_holds(const char* op, int64_t size, const Tensor& images) {
  require(size >= images.size(2) && size >= images.size(3), op, "size", static_cast<double>(size),
          fmt::format("at least as much as the images {} have", describe(images)));
}

// [B], each from [low, high)
Tensor draw(const Tensor& images, double low, double high, Generator& generator) {
  return uniform({images.size(0)}, low, high, generator, images.dtype());
}

// Each image turned by its angle, scaled, and moved right and down by pixels, all [B], seen through a window of
// `rows` x `columns` pixels around its middle.
Tensor turned(const Tensor& images, const Tensor& angle, const Tensor& scale, const Tensor& right, const Tensor& down,
              int64_t rows, int64_t columns) {
  const auto half = [](int64_t size) { return static_cast<double>(size) / 2; };
  const double H = half(images.size(2)), W = half(images.size(3)), h = half(rows), w = half(columns);
  const Tensor c = cos(angle) / scale, s = sin(angle) / scale;  // back from the window to the image
  const Tensor across = stack({c * w / W, s * h / W, -(c * right + s * down) / W}, 1);
  const Tensor along = stack({-s * w / H, c * h / H, (s * right - c * down) / H}, 1);
  return grid_sample(images, affine_grid(stack({across, along}, 1), {images.size(0), images.size(1), rows, columns}));
}

// y(b, c, i, j) = x(b, c, i + top(b), j + left(b)), 0 where there is no such pixel; top, left i64 [B].
Tensor window(const Tensor& x, const Tensor& top, const Tensor& left, int64_t rows, int64_t columns) {
  const int64_t B = x.size(0), C = x.size(1), H = x.size(2), W = x.size(3), P = rows * columns;
  const Tensor row = reshape(arange(rows), {1, rows, 1}) + reshape(top, {B, 1, 1});
  const Tensor column = reshape(arange(columns), {1, 1, columns}) + reshape(left, {B, 1, 1});
  const auto within = [](const Tensor& at, int64_t size) {
    return logical_and(ge(at, 0.0), lt(at, static_cast<double>(size)));
  };
  const auto nearest = [](const Tensor& at, int64_t size) { return clamp(at, 0, static_cast<double>(size - 1)); };
  const Tensor place = reshape(nearest(row, H) * W + nearest(column, W), {B, 1, P});
  const Tensor there = reshape(logical_and(within(row, H), within(column, W)), {B, 1, P});
  const Tensor read = gather(flatten(x, 2, 3), 2, expand(place, {B, C, P}));
  return reshape(where(there, read, zeros_like(read)), {B, C, rows, columns});
}

// [n, n]: what the smoothed pixel i takes from k, a Gaussian of i - k.
Tensor smoothing(int64_t n, double sigma, DType dtype) {
  double sum = 0;
  const double most = std::ceil(8 * sigma);
  for (double k = -most; k <= most; ++k) sum += std::exp(-k * k / (2 * sigma * sigma));
  const Tensor at = to(arange(n), dtype), away = unsqueeze(at, 1) - unsqueeze(at, 0);
  return exp(-square(away) / (2 * sigma * sigma)) / sum;
}

}  // namespace

Tensor rotated(const Tensor& images, double most_degrees, Generator& generator) {
  check_images("rotated", images);
  require(most_degrees >= 0 && std::isfinite(most_degrees), "rotated", "most_degrees", most_degrees, "at least 0");
  const double most = most_degrees * std::numbers::pi / 180;
  const Tensor angle = draw(images, -most, most, generator), zero = zeros_like(angle);
  return turned(images, angle, ones_like(angle), zero, zero, images.size(2), images.size(3));
}

Tensor rotated_scaled_translated(const Tensor& images, const PlaceOptions& options, Generator& generator) {
  constexpr const char* op = "rotated_scaled_translated";
  check_images(op, images);
  require_holds(op, options.size, images);
  const double largest = options.most_scale * static_cast<double>(std::max(images.size(2), images.size(3))),
               size = static_cast<double>(options.size);
  require(options.most_degrees >= 0 && std::isfinite(options.most_degrees), op, "most_degrees", options.most_degrees,
          "at least 0");
  require(options.least_scale > 0 && options.least_scale <= options.most_scale, op, "least_scale", options.least_scale,
          "more than 0 and at most most_scale");
  require(largest <= size, op, "most_scale", options.most_scale, fmt::format("images that fit into {} pixels", size));
  const double most = options.most_degrees * std::numbers::pi / 180;
  const Tensor angle = draw(images, -most, most, generator),
               scale = draw(images, options.least_scale, options.most_scale, generator);
  const auto shift = [&](int64_t side) {
    return draw(images, -0.5, 0.5, generator) * (size - scale * static_cast<double>(side));
  };
  const Tensor right = shift(images.size(3)), down = shift(images.size(2));
  return turned(images, angle, scale, right, down, options.size, options.size);
}

// A projection takes the unit square to any convex quadrangle (Heckbert 1989, "Fundamentals of texture mapping and
// image warping", section 2.2.3). With corners (x0, y0) .. (x3, y3), clockwise from the upper left one, and
//   d1 = x1 - x2, d2 = x3 - x2, d3 = x0 - x1 + x2 - x3, e1, e2, e3 alike of y, n = d1 e2 - d2 e1
//   g = (d3 e2 - d2 e3) / n, h = (d1 e3 - d3 e1) / n
//   x(u, v) = ((x1 - x0 + g x1) u + (x3 - x0 + h x3) v + x0) / (g u + h v + 1), y(u, v) alike
Tensor projected(const Tensor& images, double most, Generator& generator) {
  check_images("projected", images);
  const int64_t B = images.size(0), H = images.size(2), W = images.size(3);
  const double quarter = static_cast<double>(std::min(H, W)) / 4;
  require(most >= 0 && most < quarter, "projected", "most", most,
          fmt::format("at least 0 and less than a quarter of the image, {}", quarter));
  const auto corner = [&](double at, int64_t size) {  // [B, 1], in units of the image
    return unsqueeze(at + draw(images, -most, most, generator) / static_cast<double>(size), 1);
  };
  const Tensor x0 = corner(0, W), x1 = corner(1, W), x2 = corner(1, W), x3 = corner(0, W);
  const Tensor y0 = corner(0, H), y1 = corner(0, H), y2 = corner(1, H), y3 = corner(1, H);
  const Tensor d1 = x1 - x2, d2 = x3 - x2, d3 = x0 - x1 + x2 - x3, e1 = y1 - y2, e2 = y3 - y2, e3 = y0 - y1 + y2 - y3;
  const Tensor n = d1 * e2 - d2 * e1, g = (d3 * e2 - d2 * e3) / n, h = (d1 * e3 - d3 * e1) / n;
  const auto middles = [&](int64_t size) {
    return (to(arange(size), images.dtype()) + 0.5) / static_cast<double>(size);
  };
  const Tensor u = flatten(expand(unsqueeze(middles(W), 0), {H, W})),
               v = flatten(expand(unsqueeze(middles(H), 1), {H, W}));
  const Tensor w = g * u + h * v + 1.0;  // [B, H W]
  const Tensor x = ((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / w;
  const Tensor y = ((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / w;
  return grid_sample(images, reshape(stack({x, y}, 2) * 2.0 - 1.0, {B, H, W, 2}));
}

Tensor elastic(const Tensor& images, const ElasticOptions& options, Generator& generator) {
  check_images("elastic", images);
  require(options.alpha >= 0 && std::isfinite(options.alpha), "elastic", "alpha", options.alpha, "at least 0");
  require(options.sigma > 0 && options.sigma <= 1000, "elastic", "sigma", options.sigma, "more than 0, at most 1000");
  const int64_t B = images.size(0), H = images.size(2), W = images.size(3);
  const DType dtype = images.dtype();
  const Tensor u = uniform({B, 2, H, W}, -1, 1, generator, dtype);
  const Tensor smooth = matmul(matmul(smoothing(H, options.sigma, dtype), u), smoothing(W, options.sigma, dtype));
  const Tensor pixel = reshape(tensor({2.0 / static_cast<double>(W), 2.0 / static_cast<double>(H)}), {1, 2, 1, 1});
  const Tensor away = options.alpha * to(pixel, dtype) * smooth;  // in grid_sample's units
  const Tensor identity = expand(to(tensor({1, 0, 0, 0, 1, 0}, {1, 2, 3}), dtype), {B, 2, 3});
  return grid_sample(images, affine_grid(identity, images.shape()) + permute(away, {0, 2, 3, 1}));
}

Tensor translated(const Tensor& images, int64_t size, Generator& generator) {
  check_images("translated", images);
  require_holds("translated", size, images);
  const Tensor top = randint({images.size(0)}, 0, size - images.size(2) + 1, generator),
               left = randint({images.size(0)}, 0, size - images.size(3) + 1, generator);
  return window(images, -top, -left, size, size);
}

Tensor cluttered(const Tensor& images, const ClutterOptions& options, Generator& generator) {
  check_images("cluttered", images);
  const int64_t size = options.size, pieces = options.pieces, piece = options.piece;
  Tensor canvas = translated(images, size, generator);
  const int64_t B = images.size(0), H = images.size(2), W = images.size(3);
  require(pieces >= 0, "cluttered", "pieces", static_cast<double>(pieces), "at least 0");
  require(piece >= 1 && piece <= std::min(H, W), "cluttered", "piece", static_cast<double>(piece),
          fmt::format("1 to the shorter side of the images {}", describe(images)));
  if (pieces > 0 && B < 2)
    throw ValueError(
        fmt::format("cluttered: images are {}; need at least two, for pieces of others", describe(images)));
  for (int64_t k = 0; k < pieces; ++k) {
    const auto places = [&](int64_t side) { return randint({B}, 0, side - piece + 1, generator); };
    const Tensor other = remainder(arange(B) + randint({B}, 1, B, generator), tensor({B}, {}));
    const Tensor from_row = places(H), from_column = places(W), to_row = places(size), to_column = places(size);
    const Tensor cut = window(index_select(images, 0, other), from_row, from_column, piece, piece);
    canvas = maximum(canvas, window(cut, -to_row, -to_column, size, size));
  }
  return canvas;
}

Tensor binarised(const Tensor& images, Generator& generator) {
  check_images("binarised", images);
  return bernoulli(images, generator);
}

}  // namespace fovea::examples
