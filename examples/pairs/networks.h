// A generator and a discriminator whose convolutions see too little of an image to relate its far corners, and in the
// middle of both a block that may: attention, or, in its place, one that looks at each pixel alone.
//
//   generator       z = noise of its own for each of 7x7 places                    [B, Z, 7, 7]
//                   a = relu(norm(W_z z + p))                                      [B, C, 7, 7]              (1)
//                   a = block(relu(norm(W_a a)))                                   [B, C, 7, 7]              (2)
//                   a = relu(norm(up(a))), relu(norm(conv3x3(a)))                  [B, C, 14, 14]            (3)
//                   image = tanh(up(a))                                            [B, 3, 28, 28]            (4)
//   discriminator   a = lrelu(down(image)), lrelu(down(a))                         14x14, then [B, C, 7, 7]  (5)
//                   a = lrelu(W block(a))                                          [B, C, 7, 7]              (6)
//                   D = head(sum of a over pixels, class)                          [B]                       (7)
//   block           attention (layers/attention/image_attention.h), or γ W_2 relu(W_1 x) + x
//
// up and down are convolutions of 4x4 by steps of 2, norm is conditional on the class, p is learned, W are 1x1. Without
// attention a pixel of the generator's image depends on the noise of at most 4x4 places around it, and the
// discriminator's score is a sum over windows of 10x10 pixels; the shapes of an image are 14 pixels apart. Both blocks
// have as many parameters. All weights are spectrally normalised but those of norm, γ and p.
#pragma once

#include <fovea/autograd/interpolate.h>
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/conditional_batch_norm.h>
#include <fovea/layers/vision/sagan.h>

#include "examples/pairs/images.h"

namespace fovea::examples {

inline constexpr int64_t kMapSide = 8, kNoiseSide = 2;

using Convolution = SpectralNorm<Conv2d>;
using Up = SpectralNorm<ConvTranspose2d>;
using Attention = ImageAttention<Convolution>;

struct PairSizes {
  int64_t channels, noise;  // C, Z
  bool attention = true;
};
inline Conv2d near(int64_t in, int64_t out, Generator& g) {
  return Conv2d({.in_channels = in, .out_channels = out, .kernel = 3, .padding = 1}, g);
}
inline int64_t half(const PairSizes& n) { return std::max<int64_t>(1, n.channels / 2); }

class PixelBlock final : public Module {
 public:
  PixelBlock(int64_t channels, int64_t hidden, Generator& generator)
      : gamma(zeros({})),
        w1_(pixel_map<Convolution>(channels, hidden, generator)),
        w2_(pixel_map<Convolution>(hidden, channels, generator)) {}
  void members(Members& m) override { m("w1", w1_)("w2", w2_)("gamma", gamma); }
  Tensor operator()(const Tensor& x) const { return gamma * w2_(relu(w1_(x))) + x; }

  fovea::Parameter gamma;

 private:
  Convolution w1_, w2_;
};

class Block final : public Module {
 public:
  Block(int64_t channels, bool attention, Generator& generator) {
    const int64_t width = std::max<int64_t>(1, channels / 8);  // C̄ of the paper
    if (attention)
      attention_.emplace(ImageAttentionOptions{.channels = channels, .key_channels = width}, generator);
    else
      pixel_.emplace(channels, 2 * width, generator);
  }
  void members(Members& m) override { m("attention", attention_)("pixel", pixel_); }
  Tensor operator()(const Tensor& x) const { return attention_ ? (*attention_)(x) : (*pixel_)(x); }
  double gamma() const { return (attention_ ? attention_->gamma : pixel_->gamma)->item(); }

 private:
  std::optional<Attention> attention_{};
  std::optional<PixelBlock> pixel_{};
};

class PairGenerator final : public Module {
 public:
  PairGenerator(const PairSizes& n, Generator& g)
      : block(n.channels, n.attention, g),
        places_(normal({n.channels, kMapSide, kMapSide}, 0, 0.5, g)),
        noise_(pixel_map<Conv2d>(n.noise, n.channels, g)),
        mix_(pixel_map<Convolution>(n.channels, n.channels, g)),
        up_(up(n.channels, half(n), g), g),
        last_(near(half(n), 3, g), g) {
    for (int i = 0; i < 3; ++i) norms_.emplace_back(i < 2 ? n.channels : half(n), kKinds);
  }
  void members(Members& m) override {
    m("places", places_)("noise", noise_)("mix", mix_)("block", block)("up", up_)("last", last_);
    m("norms", norms_);
  }
  Tensor operator()(const Tensor& z, const Tensor& kind) const {
    const Tensor regions = interpolate(z, kMapSide);
    Tensor a = relu(norms_[0](noise_(regions) + places_, kind));
    a = block(relu(norms_[1](mix_(a), kind)));
    return tanh(last_(relu(norms_[2](up_(a), kind))));
  }

  Block block;

 private:
  static ConvTranspose2d up(int64_t in, int64_t out, Generator& g) {
    return ConvTranspose2d({.in_channels = in, .out_channels = out, .kernel = 4, .stride = 2, .padding = 1}, g);
  }
  fovea::Parameter places_;
  Conv2d noise_;
  Convolution mix_;
  Up up_;
  Convolution last_;
  std::vector<ConditionalBatchNorm2d> norms_;
};

class PairDiscriminator final : public Module {
 public:
  PairDiscriminator(const PairSizes& n, Generator& g)
      : block(n.channels, n.attention, g),
        first_(near(3, half(n), g), g),
        second_(down(half(n), n.channels, g), g),
        mix_(pixel_map<Convolution>(n.channels, n.channels, g)),
        head_(n.channels, kKinds, g) {}
  void members(Members& m) override {
    m("first", first_)("second", second_)("block", block)("mix", mix_)("head", head_);
  }
  Tensor operator()(const Tensor& image, const Tensor& kind) const {
    const Tensor a = leaky_relu(second_(leaky_relu(first_(image), 0.1)), 0.1);  // (5) [B, C, 7, 7]
    return head_(sum(leaky_relu(mix_(block(a)), 0.1), {2, 3}), kind);           // (6), (7) [B]
  }

  Block block;

 private:
  static Conv2d down(int64_t in, int64_t out, Generator& g) {
    return Conv2d({.in_channels = in, .out_channels = out, .kernel = 4, .stride = 2, .padding = 1}, g);
  }
  Convolution first_, second_, mix_;
  ProjectionHead head_;
};

// The networks with attention, and those without: trained side by side, on the same images and the same noise.
template <class Network>
struct WithAndWithout final : Module {
  WithAndWithout(PairSizes sizes, Generator& generator)
      : with(sizes, generator), without((sizes.attention = false, sizes), generator) {}
  void members(Members& m) override { m("with", with)("without", without); }
  Network with, without;
};

}  // namespace fovea::examples
