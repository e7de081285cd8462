// Glimpses: what a sensor sees around one place of an image, sharply in the middle and coarsely around it. Mnih, Heess,
// Graves, Kavukcuoglu 2014, "Recurrent Models of Visual Attention", arXiv 1406.6247, section 3.1 and figure 1.
//
//   corner_s = ⌊((l + 1) N - g_s) / 2 + 1/2⌋,  g_s = 2^s g                                 (1)
//   ρ_s = the g_s x g_s pixels of x from corner_s on, the mean of each 2^s x 2^s of them   (2)
//   h_g = relu(W ρ + b),  h_l = relu(W l + b)                                              (3)
//   G = relu(W h_g + W' h_l + b)                                                           (4)
//
//   symbol   shape              meaning
//   x        [B, C, H, W]       image; 0 beside it, so a glimpse that lies beside it wholly is 0
//   l        [B, 2]             (column, row), as grid_sample's: -1 is the left or upper edge, 0 the middle, 1 the
//   other
//                               edge; N is W of the column, H of the row
//   ρ        [B, S, C, g, g]    S scales, each twice as wide as the one before
//   G        [B, D]             what was seen, and where
//
// No gradient flows to l. Open in the paper: how a place between pixels is rounded (1) and how patches are made smaller
// (2). Errors: ShapeError, also for an image below g x g; ValueError for a place that is NaN or infinite, and for
// sizes. Cost: 4^S g² reads an image, B D (256 + S C g² / 2) multiply-adds at the paper's sizes.
#pragma once

#include <fovea/autograd/pixel_crops.h>
#include <fovea/layers/linear.h>

#include <algorithm>

namespace fovea {

struct GlimpseOptions {
  int64_t size = 8, scales = 1;  // g, S
  int64_t channels = 1;          // C
  int64_t hidden_size = 128;     // of h_g and h_l
  int64_t output_size = 256;     // D
};

// ρ of (2).
inline Tensor glimpse(const Tensor& x, const Tensor& l, int64_t size, int64_t scales) {
  check_sizes("glimpse", {{"size", size}, {"scales", scales}});
  if (scales > 20) throw ValueError("glimpse: scales " + std::to_string(scales) + "; need at most 20");
  if (!x.defined() || !l.defined() || x.dim() != 4 || !(l.shape() == Shape{x.size(0), 2}) || x.size(2) < size ||
      x.size(3) < size)
    throw ShapeError("glimpse: the image is " + describe(x) + ", the place " + describe(l) +
                     "; need [B, C, H, W] with H and W of at least " + std::to_string(size) + ", and [B, 2]");
  if (!all(isfinite(l))) throw ValueError("glimpse: a place is NaN or infinite; need finite numbers, -1 to 1 on x");
  const auto side = [&](int dim) { return full({1}, static_cast<double>(x.size(dim)), l.dtype()); };
  const Tensor place = (flip(l.detach(), 1) + 1.0) * cat({side(2), side(3)}, 0);  // (row, column) in pixels
  std::vector<Tensor> seen;
  for (int64_t s = 0; s < scales; ++s) {
    const auto width = static_cast<double>(size << s), beyond = static_cast<double>(std::max(x.size(2), x.size(3)));
    const Tensor corner = clamp(floor((place - width) / 2.0 + 0.5), -width, beyond);  // (1) [B, 2]
    const Tensor patch = pixel_crops(x, to(corner, i64), size << s);                  // [B, C, g_s, g_s]
    const Tensor squares = reshape(patch, {x.size(0), x.size(1), size, 1 << s, size, 1 << s});
    seen.push_back(s == 0 ? patch : mean(squares, {3, 5}));  // (2) [B, C, g, g]
  }
  return stack(seen, 1);  // [B, S, C, g, g]
}

class GlimpseNetwork final : public Module {
 public:
  explicit GlimpseNetwork(const GlimpseOptions& o, Generator& generator = default_generator())
      : size_(o.size),
        scales_(o.scales),
        see_(o.scales * o.channels * o.size * o.size, o.hidden_size, true, generator),
        place_(2, o.hidden_size, true, generator),
        what_(o.hidden_size, o.output_size, true, generator),
        where_(o.hidden_size, o.output_size, false, generator) {}
  void members(Members& m) override { m("see", see_)("place", place_)("what", what_)("where", where_); }

  Tensor operator()(const Tensor& x, const Tensor& l) const {
    const Tensor h_g = relu(see_(flatten(glimpse(x, l, size_, scales_), 1)));  // (3) [B, 128]
    const Tensor h_l = relu(place_(l.detach()));                               // (3) [B, 128]
    return relu(what_(h_g) + where_(h_l));                                     // (4) [B, D]
  }

 private:
  int64_t size_, scales_;
  Linear see_, place_, what_, where_;
};

}  // namespace fovea
