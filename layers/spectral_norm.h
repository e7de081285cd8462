// Spectral normalisation: a weight divided by its largest singular value. Miyato, Kataoka, Koyama, Yoshida 2018,
// "Spectral Normalization for Generative Adversarial Networks", arXiv 1802.05957, algorithm 1; as
// torch.nn.utils.spectral_norm.
//
//   v = Wᵀ u / |Wᵀ u|,  u = W v / |W v|      in training mode, once a call                       (1)
//   σ = uᵀ W v                                                                                 (2)
//   Ŵ = W / σ                                                                                   (3)
//
//   symbol   shape          meaning
//   W        [out, rest]    the weight as a matrix, `dim` first and all other dimensions as one
//   u, v     [out] [rest]   buffers; at the start what 15 iterations make of a random direction
//   Ŵ        as the weight
//
// u and v are constants to the tape, so the gradient is dL/dW = (dL/dŴ - <dL/dŴ, Ŵ> u vᵀ) / σ. In eval mode they stay
// as they are. Any layer that has a `weight` and can run `with_weight` another is wrapped as it is:
//   SpectralNorm<Conv2d> conv(Conv2d({.in_channels = 3, .out_channels = 8, .kernel = 3}, generator), generator);
//   const Tensor y = conv(x);
// A call in training mode writes u and v: not from two threads. Errors: ShapeError for a weight of rank 0 or 1, or of
// another shape than at the start; ValueError for one that is all 0, for options out of range; those of the layer.
// Cost: 3 passes over the weight.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/layers/conv2d.h>

#include <type_traits>
#include <utility>

namespace fovea {

struct SpectralNormOptions {
  int64_t dim = 0;  // of the outputs
  int64_t power_iterations = 1;
  double eps = 1e-12;  // least length that (1) divides by
};

// u and v of one weight: what SpectralNorm adds to a layer, and a module to a parameter of its own.
class SpectralDirections : public Module {
 public:
  explicit SpectralDirections(const Tensor& weight, const SpectralNormOptions& options = {},
                              Generator& generator = default_generator())
      : options_(options) {
    check_sizes("SpectralNorm", {{"power_iterations", options.power_iterations}});
    checked_positive("SpectralNorm", "eps", options.eps);
    if (weight.dim() < 2)
      throw ShapeError("SpectralNorm: the weight is " + describe(weight) + "; need one of rank 2 or above");
    const NoGrad quiet;
    const Tensor W = matrix(weight.detach());
    u = Buffer(normalize(normal({W.size(0)}, 0, 1, generator, W.dtype()), 0));
    v = Buffer(zeros({W.size(1)}, W.dtype()));
    iterate(weight, 15);
  }
  void members(Members& m) override { m("u", u)("v", v); }

  // Ŵ.
  Tensor normalized(const Tensor& weight) const {
    const Tensor W = matrix(weight);
    if (W.size(0) != u->size(0) || W.size(1) != v->size(0))
      throw ShapeError(place(*this, "SpectralNorm") + ": the weight is " + describe(weight) + ", as a matrix " +
                       W.shape().str() + "; need [" + std::to_string(u->size(0)) + ", " + std::to_string(v->size(0)) +
                       "], as at the start");
    if (training()) iterate(weight, options_.power_iterations);  // (1)
    // Copies: the next call may write the buffers before this one's backward.
    const Tensor sigma = sum(clone(u) * matmul(W, clone(v)));  // (2) []
    if (sigma.item() == 0)
      throw ValueError(place(*this, "SpectralNorm") + ": u and v see nothing of the weight " + describe(weight) +
                       ": σ is 0; need a weight that is not all 0");
    return weight / sigma;  // (3)
  }

  Buffer u, v;

 protected:
  void iterate(const Tensor& weight, int64_t times) const {
    const NoGrad quiet;
    const Tensor W = matrix(weight);
    for (int64_t i = 0; i < times; ++i) {
      v->copy_(normalize(matmul(u, W), 0, options_.eps));  // (1) [rest]
      u->copy_(normalize(matmul(W, v), 0, options_.eps));  // (1) [out]
    }
  }

 private:
  Tensor matrix(const Tensor& weight) const { return flatten(transpose(weight, 0, options_.dim), 1); }
  SpectralNormOptions options_;
};

// Of a matrix, by (1) from a direction of its own, until σ stands, at most 10,000 times: to measure how near a σ is.
// Both products of a step are one with W Wᵀ, or with Wᵀ W where that is smaller, which is formed once.
inline double largest_singular_value(const Tensor& W) {
  const NoGrad quiet;
  Generator generator(0);
  const Tensor wide = W.size(0) <= W.size(1) ? W : contiguous(transpose(W, 0, 1));
  const Tensor gram = matmul(wide, transpose(wide, 0, 1));
  Tensor u = normalize(normal({wide.size(0)}, 0, 1, generator, W.dtype()), 0);
  // σ grows with every step, by less each time, and for long by little where the two greatest lie near each other: it
  // stands when a hundred steps together have added no more than rounding does.
  const double least = W.dtype() == f64 ? 1e-12 : 1e-6;
  double before = 0;
  for (int i = 0; i < 10000; ++i) {
    if (i % 100 == 0) {
      const double sigma = norm(matmul(u, wide)).item();
      if (i > 0 && before >= sigma * (1 - least)) break;
      before = sigma;
    }
    u = normalize(matmul(u, gram), 0);
  }
  return norm(matmul(u, wide)).item();
}

template <class Layer>
class SpectralNorm final : public SpectralDirections {
 public:
  explicit SpectralNorm(Layer layer, Generator& generator = default_generator(), int64_t power_iterations = 1)
      : SpectralDirections(layer.weight, {.dim = kDim, .power_iterations = power_iterations}, generator),
        layer_(std::move(layer)) {}
  void members(Members& m) override {
    SpectralDirections::members(m);
    m("layer", layer_);
  }

  Tensor weight() const { return normalized(layer_.weight); }
  // (1) so many times, in eval mode too: for weights that no training step made, such as moving averages.
  void settle(int64_t times) const { iterate(layer_.weight, times); }
  template <class... Inputs>
  auto operator()(const Inputs&... inputs) const {
    return layer_.with_weight(weight(), inputs...);
  }

 private:
  static constexpr int64_t kDim = std::is_same_v<Layer, ConvTranspose2d> ? 1 : 0;
  Layer layer_;
};

}  // namespace fovea
