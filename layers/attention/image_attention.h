// Self-attention over the pixels of a feature map. Zhang, Goodfellow, Metaxas, Odena 2018, "Self-Attention Generative
// Adversarial Networks", arXiv 1805.08318, section 3; a non-local block (Wang et al. 2018, arXiv 1711.07971).
//
//   f = W_f x,  g = W_g x,  h = W_h x                                            (1)
//   s_ij = f(x_i)ᵀ g(x_j)                                                        (2)
//   β_{j,i} = exp(s_ij) / Σ_i exp(s_ij)                                          (3)
//   o_j = W_v Σ_i β_{j,i} h(x_i)                                                 (4)
//   y = γ o + x                                                                  (5)
//
//   symbol        shape             meaning
//   x, o, y       [B, C, H, W]      N = H W pixels
//   f             [B, C̄, N']        keys, one for each pixel that is looked at
//   g             [B, C̄, N]         queries, one for each pixel that looks
//   h             [B, C', N']       values
//   β             [B, N, N']        row j: how much pixel j looks at each other; for a WeightCollector
//   W_.           1x1 convolutions without bias: W_v [C, C'], the others [C̄ or C', C]
//   γ             []                0 at the start: the block begins as nothing
//
// The paper has C̄ = C' = C / 8 and N' = N. Its released code has C' = C / 2 and the maximum of each 2x2 pixels of f and
// h, so that N' = N / 4: `value_channels` and `pool`. `Map` is what W_. are: Conv2d, or SpectralNorm<Conv2d> as in the
// paper's networks. (2) to (4) run fused (autograd/sdpa.h) unless weights are collected. Errors: ShapeError for x of
// another rank or with other channels, or smaller than the pool; ValueError for sizes below 1. Cost: B N N' (C̄ + C').
#pragma once

#include <fovea/autograd/pool.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/spectral_norm.h>

#include <algorithm>
#include <cmath>

namespace fovea {

struct ImageAttentionOptions {
  int64_t channels;            // C
  int64_t key_channels = 0;    // C̄; 0: C / 8, at least 1
  int64_t value_channels = 0;  // C'; 0: C̄
  int64_t pool = 1;            // pixels in each direction that f and h keep the maximum of
};

// A 1x1 convolution without bias, as it is or wrapped.
template <class Map>
Map pixel_map(int64_t in, int64_t out, Generator& generator) {
  Conv2d map({.in_channels = in, .out_channels = out, .kernel = 1, .bias = false}, generator);
  if constexpr (std::is_same_v<Map, Conv2d>)
    return map;
  else
    return Map(std::move(map), generator);
}

template <class Map = Conv2d>
class ImageAttention final : public Module {
 public:
  explicit ImageAttention(const ImageAttentionOptions& options, Generator& generator = default_generator())
      : gamma(zeros({})),
        options_(completed(options)),
        f_(pixel_map<Map>(options_.channels, options_.key_channels, generator)),
        g_(pixel_map<Map>(options_.channels, options_.key_channels, generator)),
        h_(pixel_map<Map>(options_.channels, options_.value_channels, generator)),
        v_(pixel_map<Map>(options_.value_channels, options_.channels, generator)) {}
  void members(Members& m) override { m("f", f_)("g", g_)("h", h_)("v", v_)("gamma", gamma); }

  Tensor operator()(const Tensor& x) const {
    if (x.dim() != 4 || x.size(1) != options_.channels)
      throw ShapeError(place(*this, "ImageAttention") + ": x is " + describe(x) + "; need [B, " +
                       std::to_string(options_.channels) + ", H, W]");
    const Tensor f = pixels(pooled(f_(x))), g = pixels(g_(x)), h = pixels(pooled(h_(x)));  // (1) [B, N, .]
    const Tensor read = transpose(weighed(f, g, h), 1, 2);                                 // (2), (3) [B, C', N]
    const Tensor o = v_(reshape(read, {x.size(0), read.size(1), x.size(2), x.size(3)}));   // (4) [B, C, H, W]
    return gamma * o + x;                                                                  // (5) [B, C, H, W]
  }

  Parameter gamma;

 private:
  static ImageAttentionOptions completed(ImageAttentionOptions o) {
    check_sizes("ImageAttention", {{"channels", o.channels}, {"pool", o.pool}});
    if (o.key_channels == 0) o.key_channels = std::max<int64_t>(1, o.channels / 8);
    if (o.value_channels == 0) o.value_channels = o.key_channels;
    check_sizes("ImageAttention", {{"key_channels", o.key_channels}, {"value_channels", o.value_channels}});
    return o;
  }

  Tensor pooled(const Tensor& x) const { return options_.pool == 1 ? x : max_pool2d(x, options_.pool); }
  static Tensor pixels(const Tensor& x) { return transpose(flatten(x, 2), 1, 2); }  // [B, C, H, W] -> [B, N, C]
  Tensor weighed(const Tensor& f, const Tensor& g, const Tensor& h) const {
    if (!observing_attention()) {  // the fused op divides by √C̄
      const Tensor queries = g * std::sqrt(static_cast<double>(options_.key_channels));
      return squeeze(scaled_dot_product_attention(unsqueeze(queries, 1), unsqueeze(f, 1), unsqueeze(h, 1)), 1);
    }
    const Tensor s = observed_scores(*this, matmul(g, transpose(f, 1, 2)));  // (2) [B, N, N']
    const Tensor beta = observed_weights(*this, softmax(s, -1));             // (3) [B, N, N']
    return matmul(beta, h);                                                  // (4) [B, N, C']
  }

  ImageAttentionOptions options_;
  Map f_, g_, h_, v_;
};

}  // namespace fovea
