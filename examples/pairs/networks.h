// A generator and a discriminator whose convolutions see too little of an image to relate its far corners, and in the
// middle of both a block that may: attention, or, in its place, one that looks at each pixel alone.
//
//   generator       a = relu(norm(W_z z + p))           z: own noise for each quarter    [B, C, 8, 8]        (1)
//                   a = block(relu(norm(W_a a)))                                         [B, C, 8, 8]        (2)
//                   image = tanh(near(relu(norm(up(a)))))                                [B, 3, 16, 16]      (3)
//   discriminator   a = lrelu(down(lrelu(near(image))))                                  [B, C, 8, 8]        (4)
//                   D = head(sum over pixels of lrelu(W_d block(a)), kind)               [B]                 (5)
//   block           attention (layers/attention/image_attention.h), or γ W_2 relu(W_1 x) + x
//
// z [B, Z, 2, 2] has a random sign in each place; p is learned, norm conditional on the kind, W_. are 1x1, near is a
// convolution of 3x3, up and down are of 4x4 by steps of 2; C / 2 channels between them. Without attention no pixel of
// a shape depends on another quarter's noise, and D is a function of the sum of what windows of 6x6 pixels show, where
// no window has pixels of both shapes. Both blocks have as many parameters. All convolutions but W_z are spectrally
// normalised.
#pragma once

#include <fovea/autograd/interpolate.h>
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/conditional_batch_norm.h>
#include <fovea/layers/vision/sagan.h>

#include <limits>

#include "examples/pairs/images.h"

namespace fovea::examples {

inline constexpr int64_t kMapSide = 8, kNoiseSide = 2;

using Convolution = SpectralNorm<Conv2d>;
using TransposedConvolution = SpectralNorm<ConvTranspose2d>;

inline Convolution near(int64_t in, int64_t out, Generator& g) {
  return Convolution(Conv2d({.in_channels = in, .out_channels = out, .kernel = 3, .padding = 1}, g), g);
}
inline Convolution down(int64_t in, int64_t out, Generator& g) {
  return Convolution(Conv2d({.in_channels = in, .out_channels = out, .kernel = 4, .stride = 2, .padding = 1}, g), g);
}
inline TransposedConvolution up(int64_t in, int64_t out, Generator& g) {
  return TransposedConvolution(
      ConvTranspose2d({.in_channels = in, .out_channels = out, .kernel = 4, .stride = 2, .padding = 1}, g), g);
}

struct PairSizes {
  int64_t channels, noise;  // C, even, and Z
  bool attention = true;
};

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

class PairBlock final : public Module {
 public:
  PairBlock(int64_t channels, bool attention, Generator& generator) {
    const int64_t width = std::max<int64_t>(1, channels / 8);  // C̄ of the paper
    if (attention)
      attention_.emplace(ImageAttentionOptions{.channels = channels, .key_channels = width}, generator);
    else
      pixel_.emplace(channels, 2 * width, generator);  // as many weights
  }
  void members(Members& m) override { m("attention", attention_)("pixel", pixel_); }
  Tensor operator()(const Tensor& x) const { return attention_ ? (*attention_)(x) : (*pixel_)(x); }
  double gamma() const { return (attention_ ? attention_->gamma : pixel_->gamma)->item(); }

 private:
  std::optional<ImageAttention<Convolution>> attention_{};
  std::optional<PixelBlock> pixel_{};
};

class PairGenerator final : public Module {
 public:
  PairGenerator(const PairSizes& n, Generator& g)
      : block(n.channels, n.attention, g),
        places_(normal({n.channels, kMapSide, kMapSide}, 0, 0.5, g)),
        noise_(pixel_map<Conv2d>(n.noise, n.channels, g)),
        mix_(pixel_map<Convolution>(n.channels, n.channels, g)),
        up_(up(n.channels, n.channels / 2, g)),
        last_(near(n.channels / 2, 3, g)) {
    for (int i = 0; i < 3; ++i) norms_.emplace_back(i < 2 ? n.channels : n.channels / 2, kKinds);
  }
  void members(Members& m) override {
    m("places", places_)("noise", noise_)("mix", mix_)("block", block)("up", up_)("last", last_);
    m("norms", norms_);
  }
  Tensor operator()(const Tensor& z, const Tensor& kind) const {
    Tensor a = relu(norms_[0](noise_(interpolate(z, kMapSide)) + places_, kind));  // (1) [B, C, 8, 8]
    a = block(relu(norms_[1](mix_(a), kind)));                                     // (2) [B, C, 8, 8]
    return tanh(last_(relu(norms_[2](up_(a), kind))));                             // (3) [B, 3, 16, 16]
  }

  PairBlock block;

 private:
  fovea::Parameter places_;
  Conv2d noise_;
  Convolution mix_;
  TransposedConvolution up_;
  Convolution last_;
  std::vector<ConditionalBatchNorm2d> norms_;
};

class PairDiscriminator final : public Module {
 public:
  PairDiscriminator(const PairSizes& n, Generator& g)
      : block(n.channels, n.attention, g),
        first_(near(3, n.channels / 2, g)),
        second_(down(n.channels / 2, n.channels, g)),
        mix_(pixel_map<Convolution>(n.channels, n.channels, g)),
        head_(n.channels, kKinds, g) {}
  void members(Members& m) override {
    m("first", first_)("second", second_)("block", block)("mix", mix_)("head", head_);
  }
  Tensor operator()(const Tensor& image, const Tensor& kind) const {
    const Tensor a = leaky_relu(second_(leaky_relu(first_(image), 0.1)), 0.1);  // (4) [B, C, 8, 8]
    return head_(sum(leaky_relu(mix_(block(a)), 0.1), {2, 3}), kind);           // (5) [B]
  }

  PairBlock block;

 private:
  Convolution first_, second_, mix_;
  ProjectionHead head_;
};

// A network with attention and one without, which learn side by side.
template <class Network>
struct WithAndWithout final : Module {
  WithAndWithout(int64_t channels, int64_t noise, Generator& generator)
      : with({channels, noise, true}, generator), without({channels, noise, false}, generator) {}
  void members(Members& m) override { m("with", with)("without", without); }
  Network with, without;
};

// Does `one` to all normalised convolutions, which is given each with its Ŵ as a matrix.
template <class One>
void for_each_convolution(Module& networks, const One& one) {
  for_each_module<Convolution>(networks, [&](const Convolution& c) { one(c, flatten(c.weight(), 1)); });
  for_each_module<TransposedConvolution>(
      networks, [&](const TransposedConvolution& c) { one(c, flatten(transpose(c.weight(), 0, 1), 1)); });
}

// An average of u, or of v, has no length of 1 and is of no weight: they are moved to where those of the averaged
// weights are.
inline void settle(Module& networks) {
  for_each_convolution(networks, [](const auto& convolution, const Tensor&) { convolution.settle(200); });
}

// The least and the greatest of the largest singular values of all normalised convolutions, once they are settled.
inline std::pair<double, double> singular_values(Module& networks) {
  std::pair<double, double> found{std::numeric_limits<double>::infinity(), 0};
  settle(networks);
  for_each_convolution(networks, [&](const auto&, const Tensor& W) {
    const double value = largest_singular_value(W);
    found = {std::min(found.first, value), std::max(found.second, value)};
  });
  return found;
}

}  // namespace fovea::examples
