// A learning rate by trying: the loss over rates that grow from step to step. Smith 2017, "Cyclical Learning Rates for
// Training Neural Networks", arXiv 1506.01186, section 3.3; smoothing and where to stop as is usual since.
//
//   η_k = low (high / low)^(k / (steps - 1)),  k = 0 .. steps - 1         the rate of step k                     (1)
//   L̄_k = (1 - β) Σ_{j <= k} β^(k - j) L_j / (1 - β^(k + 1))              its loss, smoothed                     (2)
//   the test ends before step k when L_k is not finite, or L̄_k > stop min_j L̄_j                                  (3)
//   suggested: a tenth of the η_k at which L̄ is least                                                             (4)
//
//   const RateTest test = find_learning_rate(model, adam, [&] { return loss_of(model, data.next()); });
//   adam.set_lr(test.suggested);
//
// `loss` makes the loss of a fresh batch, as in training. Afterwards the model's parameters and buffers and the
// optimiser are what they were, their rates too, and gradients are dropped; what `loss` draws from a generator of yours
// is drawn. Errors: ValueError for options out of range, for a loss that is not finite at once, and for one that never
// falls.
#pragma once

#include <fovea/layers/module.h>
#include <fovea/optim/optimizer.h>

#include <functional>
#include <vector>

namespace fovea {

struct RateTestOptions {
  double low = 1e-6, high = 1;
  int64_t steps = 100;
  double smoothing = 0.9;  // β
  double stop = 4;
};

struct RateTest {
  struct Trial {
    double rate, loss, smoothed;
  };
  std::vector<Trial> trials;  // for a plot
  double suggested;
};

RateTest find_learning_rate(Module& model, Optimizer& optimizer, const std::function<Tensor()>& loss,
                            const RateTestOptions& options = {});

}  // namespace fovea
