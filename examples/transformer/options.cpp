#include "examples/transformer/options.h"

#include <fovea/optim/adam.h>

#include "examples/common/optimizers.h"

namespace fovea::examples {

TransformerOptions Options::transformer() const {
  return {.embed_dim = size,
          .heads = heads,
          .feed_forward = 4 * size,
          .layers = layers,
          .dropout = dropout,
          .norm_first = norm == "pre"};
}

CosineOptions Options::schedule(double rate) const {
  return {.total = anneal, .lr_min = 0.01 * rate, .warmup = warmup};
}

std::unique_ptr<Optimizer> make_teacher(const RunOptions& run, const std::vector<Tensor>& parameters) {
  if (run.optimizer != "adam") return make_optimizer(run.optimizer, parameters, run.learning_rate);
  return std::make_unique<Adam>(parameters, AdamOptions{.lr = run.learning_rate, .beta2 = 0.98, .eps = 1e-9});
}

}  // namespace fovea::examples
