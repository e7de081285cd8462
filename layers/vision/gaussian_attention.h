// Gaussian attention: a grid of Gaussians lies on an image, or a row of them on a sequence, and each reads around its
// centre; the same grid writes back. Kosiorek 2017, "Attention in neural networks and how to use it"; Gregor et al.
// 2015, arXiv 1502.04623, section 3.2. The weights are those of attention/read/crops.h.
//
//   p_r = μ + r d,   r = 0 .. R-1                                                                  (1)
//   A[r, c] = exp(-½ ((c - p_r) / σ)²) / (Σ_c' exp(..) + 1e-8)                                     (2)
//   image:     glimpse = A_y I A_xᵀ                     written back: A_yᵀ g A_x                   (3), (4)
//   sequence:  glimpse = A x                            written back: Aᵀ g                         (5), (6)
//   box:       d = length / R,  μ = begin + d / 2 - ½,  σ = d / 2                                  (7)
//
//   symbol   shape                          meaning
//   μ, d, σ  [B, K]                         first centre, distance, deviation: one row of Gaussians, in pixels from 0
//   A        [B, K, R, C]                   mask: the weights of R Gaussians over C pixels
//   I, g     [B, C, H, W], [B, K, C, h, w]  image, and K glimpses of it
//   x, g     [B, T, D],    [B, K, R, D]     sequence, and K glimpses of it
//
// Pixel c has its middle at c; a box begins and ends at edges, the first pixel's being 0. Rows of A sum to 1 inside the
// image; those of Gaussians far outside tend to 0, and so does what they read. The published formula has six numbers
// for a glimpse of an image; (7) has the four of a box. Errors: ShapeError; ValueError for σ below 1e-6, and for
// sizes. Cost: as crops.h.
#pragma once

#include <fovea/layers/attention/read/crops.h>
#include <fovea/layers/check.h>

namespace fovea {

struct Gaussians {
  Tensor first, distance, deviation;  // μ, d, σ
};

// `count` Gaussians over a box from `begin` on, `length` long: [B, K] each.
inline Gaussians gaussians_over(const Tensor& begin, const Tensor& length, int64_t count) {
  check_sizes("gaussians_over", {{"count", count}});
  const Tensor distance = length / static_cast<double>(count);
  return {begin + distance * 0.5 - 0.5, distance, distance * 0.5};  // (7)
}
inline Tensor gaussian_mask(const Gaussians& g, int64_t count, int64_t size) {
  return gaussian_filters(g.first, g.distance, g.deviation, count, size);  // (1), (2) [B, K, R, C]
}

class GaussianAttention final : public Module {
 public:
  GaussianAttention(int64_t height, int64_t width) : height_(height), width_(width) {
    check_sizes("GaussianAttention", {{"height", height}, {"width", width}});
  }

  // image [B, C, H, W] -> [B, K, C, h, w]
  Tensor operator()(const Gaussians& y, const Gaussians& x, const Tensor& image) const {
    if (!image.defined() || image.dim() != 4)
      throw ShapeError(place(*this, "GaussianAttention") + ": the image is " + describe(image) + "; need [B, C, H, W]");
    return Crops()(filters(y, x, image.size(2), image.size(3)), image);  // (3) [B, K, C, h, w]
  }
  // glimpse [B, K, C, h, w] -> [B, K, C, H, W]
  Tensor write(const Gaussians& y, const Gaussians& x, const Tensor& glimpse, int64_t H, int64_t W) const {
    return Crops().write(filters(y, x, H, W), glimpse);  // (4) [B, K, C, H, W]
  }
  Filters filters(const Gaussians& y, const Gaussians& x, int64_t H, int64_t W) const {
    return {gaussian_mask(y, height_, H), gaussian_mask(x, width_, W)};  // (2)
  }

 private:
  int64_t height_, width_;  // h, w
};

class GaussianAttention1d final : public Module {
 public:
  explicit GaussianAttention1d(int64_t count) : count_(count) {
    check_sizes("GaussianAttention1d", {{"count", count}});
  }

  // sequence [B, T, D] -> [B, K, R, D]
  Tensor operator()(const Gaussians& g, const Tensor& sequence) const {
    check(g, "sequence", sequence, 3);
    const Tensor A = gaussian_mask(g, count_, sequence.size(1));  // (2) [B, K, R, T]
    return matmul(A, unsqueeze(sequence, 1));                     // (5) [B, K, R, D]
  }
  // glimpse [B, K, R, D] -> [B, K, T, D]
  Tensor write(const Gaussians& g, const Tensor& glimpse, int64_t T) const {
    check(g, "glimpse", glimpse, 4);
    const Tensor A = gaussian_mask(g, count_, T);  // (2) [B, K, R, T]
    return matmul(transpose(A, 2, 3), glimpse);    // (6) [B, K, T, D]
  }

 private:
  void check(const Gaussians& g, const char* what, const Tensor& x, int64_t rank) const {
    const bool fits = x.defined() && x.dim() == rank && g.first.defined() && g.first.dim() == 2 &&
                      x.size(0) == g.first.size(0) &&
                      (rank == 3 || (x.size(1) == g.first.size(1) && x.size(2) == count_));
    if (!fits)
      throw ShapeError(place(*this, "GaussianAttention1d") + ": the " + what + " is " + describe(x) + ", the centres " +
                       describe(g.first) + "; need " +
                       (rank == 3 ? "[B, T, D]" : "[B, K, " + std::to_string(count_) + ", D]") + " and [B, K]");
  }
  int64_t count_;  // R
};

}  // namespace fovea
