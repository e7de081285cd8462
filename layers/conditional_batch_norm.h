// Batch normalisation whose scale and shift depend on a class. Dumoulin, Shlens, Kudlur 2017, "A Learned Representation
// for Artistic Style", arXiv 1610.07629; de Vries et al. 2017, arXiv 1707.00683.
//
//   x̂ = (x - mean) / sqrt(var + eps)            channel by channel, over the whole batch         (1)
//   y = weight_c ⊙ x̂ + bias_c                   c: the class of the image                        (2)
//
//   symbol         shape            meaning
//   x, y           [B, C, H, W]
//   label          i64 [B]          c of each image, in [0, K)
//   weight, bias   [K, C]           start as 1 and 0: one normalisation for all classes
//
// Statistics are those of batch_norm.h. Errors: ShapeError for x of another rank or with other channels, for a label
// that is not [B]; IndexError for a class outside; ValueError for sizes below 1; as in batch_norm.h.
#pragma once

#include <fovea/layers/batch_norm.h>

namespace fovea {

class ConditionalBatchNorm2d final : public Module {
 public:
  ConditionalBatchNorm2d(int64_t channels, int64_t classes) : norm_({.channels = channels, .affine = false}) {
    check_sizes("ConditionalBatchNorm2d", {{"classes", classes}});
    weight = Parameter(ones({classes, channels}));
    bias = Parameter(zeros({classes, channels}));
  }
  void members(Members& m) override { m("norm", norm_)("weight", weight)("bias", bias); }

  Tensor operator()(const Tensor& x, const Tensor& label) const {
    if (x.dim() != 4 || label.dim() != 1 || label.size(0) != x.size(0))
      throw ShapeError(place(*this, "ConditionalBatchNorm2d") + ": x is " + describe(x) + ", label " + describe(label) +
                       "; need [B, C, H, W] and [B]");
    const auto of_class = [&](const Tensor& rows) { return unsqueeze(unsqueeze(embedding(rows, label), 2), 3); };
    return of_class(weight) * norm_(x) + of_class(bias);  // (1), (2) [B, C, H, W]
  }

  Parameter weight, bias;

 private:
  BatchNorm2d norm_;
};

}  // namespace fovea
