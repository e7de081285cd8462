// Dropout: in training each element is zero with probability p, and the others are scaled by 1 / (1 - p); in eval mode
// x itself. Srivastava et al. 2014. Errors: ValueError for p outside [0, 1].
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class Dropout final : public Module {
 public:
  explicit Dropout(double probability) : probability_(probability) {
    if (!(probability >= 0 && probability <= 1))
      throw ValueError("Dropout: probability " + std::to_string(probability) + " is outside [0, 1]");
  }
  Tensor operator()(const Tensor& x, Generator& generator = default_generator()) const {
    return training() && probability_ > 0 ? dropout(x, probability_, generator) : x;
  }
  double probability() const { return probability_; }

 private:
  double probability_;
};

}  // namespace fovea
