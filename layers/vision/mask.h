// Attention as a learned mask, multiplied onto features. Kosiorek 2017, "Attention in neural networks and how to use
// it"; the hard mask learns as in Mnih, Heess, Graves, Kavukcuoglu 2014, arXiv 1406.6247.
//
//   e = W x + b                                                                  (1)
//   a = σ(e)                     soft: each feature on its own, many may pass    (2)
//   a = softmax(e)               selective: the features share 1                 (3)
//   a_i ~ Bernoulli(σ(e_i))      hard                                            (4)
//   log p(a) = Σ_i a_i log σ(e_i) + (1 - a_i) log σ(-e_i)                        (5)
//   H = -Σ_i σ(e_i) log σ(e_i) + σ(-e_i) log σ(-e_i)                             (6)
//   z_a = a ⊙ z                                                                  (7)
//
//   symbol   shape        meaning
//   x        [..., I]     what decides: an input, a state; pixels as a row
//   z        [..., k]     features of it, or its pixels
//   a        [..., k]     mask, of [0, 1]; hard: 0 or 1
//   W, b     [k, I], [k]  U(-1/√I, 1/√I) at the start
//
// A product of two functions of x is of second order, which sums and activations alone are not. Where a is 0 nothing of
// z passes, and no gradient to it; the gradient to a is z times that of z_a. No gradient passes (4): W and b learn
// through (5) and (6), which go into surrogate_loss of autograd/score_function.h. The source leaves the mask's function
// open; here it is linear, and for another one x is its hidden layer. This file decides: in eval mode a hard mask is 1
// where that is the likelier value, e > 0.
// Errors: ShapeError when x is not [..., I] or z not of the mask's shape; ValueError for sizes below 1. Cost: I k.
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/layers/check.h>
#include <fovea/layers/linear.h>

namespace fovea {

enum class MaskKind { soft, selective, hard };

struct Masked {
  Tensor output;                        // z_a [..., k]
  Tensor mask;                          // a [..., k]
  Tensor log_probability{}, entropy{};  // [...], of a hard mask
};

class LearnedMask final : public Module {
 public:
  LearnedMask(int64_t in, int64_t features, MaskKind kind = MaskKind::soft, Generator& generator = default_generator())
      : kind_(kind), score_(in, features, true, generator) {}
  void members(Members& m) override { m("score", score_); }

  Masked operator()(const Tensor& x, const Tensor& z, Generator& generator = default_generator()) const {
    const Tensor e = score_(x);  // (1) [..., k]
    if (z.shape() != e.shape())
      throw ShapeError(place(*this, "LearnedMask") + ": z is " + describe(z) + " and the mask " + describe(e) +
                       "; need one shape");
    if (kind_ == MaskKind::soft) return masked(z, sigmoid(e));           // (2) [..., k]
    if (kind_ == MaskKind::selective) return masked(z, softmax(e, -1));  // (3) [..., k]
    const Bernoulli p(e);
    const Tensor a = training() ? p.sample(generator) : to(gt(e, 0.0), e.dtype());  // (4) [..., k]
    Masked y = masked(z, a);
    y.log_probability = sum(p.log_prob(a), -1);  // (5) [...]
    y.entropy = sum(p.entropy(), -1);            // (6) [...]
    return y;
  }

 private:
  static Masked masked(const Tensor& z, const Tensor& a) { return {a * z, a}; }  // (7) [..., k]

  MaskKind kind_;
  Linear score_;  // W, b
};

}  // namespace fovea
