// Linear: y = x Wᵀ + b.
// Shapes: x [..., in], weight [out, in], bias [out], y [..., out]. Both start as U(-1/sqrt(in), 1/sqrt(in)), as in
// PyTorch. Errors: ShapeError when the last size of x is not `in`; ValueError for sizes below 1.
#pragma once

#include <fovea/layers/check.h>
#include <fovea/layers/init.h>

namespace fovea {

class Linear final : public Module {
 public:
  Linear(int64_t in, int64_t out, bool biased = true, Generator& generator = default_generator()) {
    check_sizes("Linear", {{"in", in}, {"out", out}});
    weight = Parameter(init::uniform_fan({out, in}, in, generator));
    if (biased) bias = Parameter(init::uniform_fan({out}, in, generator));
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }
  Tensor operator()(const Tensor& x) const { return with_weight(weight, x); }
  // With another weight of that shape in place of its own.
  Tensor with_weight(const Tensor& other, const Tensor& x) const { return linear(x, other, bias); }

  Parameter weight, bias;  // bias may be undefined
};

}  // namespace fovea
