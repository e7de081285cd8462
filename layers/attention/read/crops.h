// Crops: reads K windows from an image, each by a row of filters along its height and one along its width. Gaussian
// filters: Gregor et al. 2015, "DRAW", arXiv 1502.04623, section 3.2; Kosiorek, Bewley, Posner 2017, arXiv 1706.09262.
// Tents sample bilinearly, as a spatial transformer without rotation: Jaderberg et al. 2015, arXiv 1506.02025, (5).
//
//   p_r = μ + r d,   r = 0 .. R-1                                                (1)
//   Gaussian  F[r, a] = exp(-(a - p_r)² / (2σ²)) / (Σ_a' exp(..) + 1e-8)         (2)
//   tent      F[r, a] = max(0, 1 - |a - p_r|)                                    (3)
//   crop = F_y I F_xᵀ                                                            (4)
//   back = F_yᵀ crop F_x                                                         (5)
//
//   symbol   shape                            meaning
//   I        [B, C, H, W]                     image
//   μ, d, σ  [B, K]                           centre of the first filter, distance, width: in pixels, from 0
//   F_y F_x  [B, K, h, H]  [B, K, w, W]       filters: the weights of this read
//   crop     [B, K, C, h, w]
//   back     [B, K, C, H, W]                  the crop written where it was read
//
// Rows of (2) sum to 1, but for rows far outside the image, which tend to 0; (3) reads 0 outside. From a box: d =
// height / h, μ = top + d / 2 - 1/2, σ ≈ d / 2; keep σ above 0, by softplus + 0.1 say. Below 1e-6 pixels, where squares
// of a / σ would overflow, it is refused. Errors: ShapeError, ValueError. Cost: B K C h H (W + w).
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

struct Filters {
  Tensor rows, columns;  // F_y, F_x
};

namespace detail {
// a - p_r, [B, K, count, size].
inline Tensor from_centres(const Tensor& first, const Tensor& distance, int64_t count, int64_t size) {
  if (!first.defined() || !distance.defined() || first.dim() != 2 || distance.shape() != first.shape() || count < 1)
    throw ShapeError("Crops: the first centres are " + describe(first) + ", the distances " + describe(distance) +
                     ", " + std::to_string(count) + " filters; need [B, K] each and at least one filter");
  const auto column = [](const Tensor& x) { return reshape(x, {x.size(0), x.size(1), 1, 1}); };
  const Tensor r = unsqueeze(arange(0, count, 1, first.dtype()), 1), a = arange(0, size, 1, first.dtype());
  return a - (column(first) + r * column(distance));  // (1) [B, K, count, size]
}
}  // namespace detail

// `count` filters over `size` pixels, [B, K, count, size].
inline Tensor gaussian_filters(const Tensor& first, const Tensor& distance, const Tensor& deviation, int64_t count,
                               int64_t size) {
  const Tensor away = detail::from_centres(first, distance, count, size);
  if (!deviation.defined() || deviation.shape() != first.shape())
    throw ShapeError("gaussian_filters: the first centres are " + describe(first) + ", the deviations " +
                     describe(deviation) + "; need [B, K] each");
  if (!all(ge(deviation, 1e-6)))
    throw ValueError(
        "gaussian_filters: a deviation is below 1e-6 pixels, or NaN; keep it above, by softplus + 0.1 say");
  const Tensor sigma = reshape(deviation, {first.size(0), first.size(1), 1, 1});
  const Tensor f = exp(square(away / sigma) * -0.5);
  return f / (sum(f, -1, true) + 1e-8);  // (2) [B, K, count, size]
}
inline Tensor tent_filters(const Tensor& first, const Tensor& distance, int64_t count, int64_t size) {
  return relu(1.0 - abs(detail::from_centres(first, distance, count, size)));  // (3) [B, K, count, size]
}

class Crops final : public Module {
 public:
  Tensor operator()(const Filters& f, const Tensor& image) const {
    const auto fits = [&](const Tensor& filters, int64_t size) {
      return filters.defined() && filters.dim() == 4 && filters.size(0) == image.size(0) && filters.size(3) == size;
    };
    if (!image.defined() || image.dim() != 4 || !fits(f.rows, image.size(2)) || !fits(f.columns, image.size(3)) ||
        f.rows.size(1) != f.columns.size(1))
      throw ShapeError("Crops: the image is " + describe(image) + ", the filters " + describe(f.rows) + " and " +
                       describe(f.columns) + "; need [B, C, H, W], [B, K, h, H], [B, K, w, W]");
    const Tensor lines = matmul(unsqueeze(f.rows, 2), unsqueeze(image, 1));  // F_y I [B, K, C, h, W]
    return matmul(lines, transpose(unsqueeze(f.columns, 2), 3, 4));          // (4) [B, K, C, h, w]
  }
  Tensor write(const Filters& f, const Tensor& crop) const {
    const auto fits = [&](const Tensor& filters, int64_t size) {
      return filters.defined() && filters.dim() == 4 && filters.size(0) == crop.size(0) &&
             filters.size(1) == crop.size(1) && filters.size(2) == size;
    };
    if (!crop.defined() || crop.dim() != 5 || !fits(f.rows, crop.size(3)) || !fits(f.columns, crop.size(4)))
      throw ShapeError("Crops: the crop to write is " + describe(crop) + ", the filters " + describe(f.rows) + " and " +
                       describe(f.columns) + "; need [B, K, C, h, w], [B, K, h, H], [B, K, w, W]");
    const Tensor lines = matmul(transpose(unsqueeze(f.rows, 2), 3, 4), crop);  // F_yᵀ crop [B, K, C, H, w]
    return matmul(lines, unsqueeze(f.columns, 2));                             // (5) [B, K, C, H, W]
  }
};

}  // namespace fovea
