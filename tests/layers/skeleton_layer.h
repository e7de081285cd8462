// The skeleton of a mechanism, made to be copied; CONTRIBUTING.md says where it goes in the library.
//
// Gated linear unit. Dauphin, Fan, Auli, Grangier 2017, "Language Modeling with Gated Convolutional Networks", arXiv
// 1612.08083, section 2; here without the convolution.
//
//   a = x Wᵀ + b                                                                 (1)
//   g = σ(x Vᵀ + c)                                                              (2)
//   y = a ⊙ g                                                                    (3)
//
//   symbol   shape        meaning
//   x        [..., I]     input
//   W, V     [O, I]       U(-1/√I, 1/√I) at the start
//   b, c     [O]          U(-1/√I, 1/√I)
//   g        [..., O]     gate: the share of a that passes
//   y        [..., O]     output
//
// Errors: ShapeError when the last size of x is not I; ValueError for sizes below 1. Cost: 2 I O an input row.
#pragma once

#include <fovea/layers/linear.h>

namespace fovea::skeleton {

class GatedLinear final : public Module {
 public:
  GatedLinear(int64_t in, int64_t out, Generator& generator = default_generator())
      : value_(in, out, true, generator), gate_(in, out, true, generator) {}
  void members(Members& m) override { m("value", value_)("gate", gate_); }

  Tensor operator()(const Tensor& x) const {
    const Tensor a = value_(x);          // (1) [..., O]
    const Tensor g = sigmoid(gate_(x));  // (2) [..., O]
    return a * g;                        // (3) [..., O]
  }

 private:
  Linear value_, gate_;  // W, b; V, c
};

}  // namespace fovea::skeleton
