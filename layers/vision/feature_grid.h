// FeatureGrid: what stands where in an image, one vector a place. The encoder of Xu et al. 2015, "Show, Attend and
// Tell", arXiv 1502.03044, section 3.1.1, made small: convolutions whose last grid keeps its places apart, for an
// attention over them.
//
//   y_0 = image,   y_k = max_pool2(relu(batch_norm(conv3x3(y_{k-1}))))     for k = 1 .. n - 1                (1)
//   p(i, j) = ((2 j + 1) / w - 1, (2 i + 1) / h - 1)     position channels x, y in (-1, 1)                   (2)
//   a = [relu(batch_norm(conv([y_{n-1} ; p]))) ; p]      one vector a place, row by row                      (3)
//
//   symbol   shape                 meaning
//   image    [B, C, H, W]          H and W multiples of 2^{n-1}
//   y_k      [B, C_k, ., .]        C_1 .. C_n: `channels`
//   a        [B, h w, C_n + 2]     h = H / 2^{n-1}, w = W / 2^{n-1}
//
// A convolution is the same everywhere and does not know where it is. With (2) a vector says where it stands, so that
// who attends to it knows that exactly; and the last convolution knows it too, so that the mean of all vectors can tell
// "a circle, in the upper left" from a circle elsewhere. `kernel` is that of (3): with 1 a vector knows its
// own place only, as far as (1) sees. Errors: ShapeError for images that do not fit; ValueError for options.
// Cost: the convolutions'.
#pragma once

#include <fovea/layers/batch_norm.h>
#include <fovea/layers/check.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/pool.h>

#include <string>
#include <utility>
#include <vector>

namespace fovea {

struct FeatureGridOptions {
  int64_t in_channels = 3;                       // C
  std::vector<int64_t> channels = {32, 32, 64};  // C_1 .. C_n
  int64_t kernel = 3;                            // of (3), odd
};

// (2): [2, h, w].
inline Tensor position_channels(int64_t h, int64_t w, DType dtype) {
  const auto middles = [dtype](int64_t n) { return to(arange(n) * 2 + 1, dtype) / static_cast<double>(n) - 1; };
  return stack({expand(unsqueeze(middles(w), 0), {h, w}), expand(unsqueeze(middles(h), 1), {h, w})}, 0);
}

class FeatureGrid final : public Module {
 public:
  explicit FeatureGrid(const FeatureGridOptions& o = {}, Generator& generator = default_generator()) {
    if (o.channels.empty() || o.kernel < 1 || o.kernel % 2 == 0)
      throw ValueError("FeatureGrid: " + std::to_string(o.channels.size()) +
                       " convolutions, the last with a kernel of " + std::to_string(o.kernel) +
                       "; need at least one, and an odd kernel");
    int64_t in = o.in_channels;
    for (size_t k = 0; k < o.channels.size(); ++k) {
      const bool last = k + 1 == o.channels.size();
      const int64_t kernel = last ? o.kernel : 3;
      convolutions_.emplace_back(Conv2dOptions{.in_channels = in + (last ? 2 : 0),
                                               .out_channels = o.channels[k],
                                               .kernel = kernel,
                                               .padding = kernel / 2,
                                               .bias = false},
                                 generator);
      norms_.emplace_back(BatchNormLayerOptions{.channels = o.channels[k]});
      in = o.channels[k];
    }
  }
  void members(Members& m) override { m("convolutions", convolutions_)("norms", norms_); }

  int64_t features() const { return convolutions_.back().weight->size(0) + 2; }  // of a place

  Tensor operator()(const Tensor& image) const {
    const int64_t shrinks = int64_t{1} << (convolutions_.size() - 1);
    if (!image.defined() || image.dim() != 4 || image.size(2) % shrinks != 0 || image.size(3) % shrinks != 0)
      throw ShapeError(place(*this, "FeatureGrid") + ": image " + describe(image) +
                       "; need [B, C, H, W] with H and W multiples of " + std::to_string(shrinks));
    Tensor y = image;
    for (size_t k = 0; k + 1 < convolutions_.size(); ++k)
      y = max_pool2d(relu(norms_[k](convolutions_[k](y))), 2);  // (1) [B, C_k, H / 2^k, W / 2^k]
    const int64_t B = y.size(0), h = y.size(2), w = y.size(3);
    const Tensor p = expand(unsqueeze(position_channels(h, w, y.dtype()), 0), {B, 2, h, w});  // (2)
    const Tensor a = relu(norms_.back()(convolutions_.back()(cat({y, p}, 1))));               // [B, C_n, h, w]
    return transpose(flatten(cat({a, p}, 1), 2, 3), 1, 2);                                    // (3) [B, h w, C_n + 2]
  }

 private:
  std::vector<Conv2d> convolutions_;
  std::vector<BatchNorm2d> norms_;
};

}  // namespace fovea
