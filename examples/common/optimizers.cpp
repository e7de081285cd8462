#include "examples/common/optimizers.h"

#include <fovea/optim/adam.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/sgd.h>

namespace fovea::examples {

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Tensor>& parameters,
                                          double learning_rate, double eps) {
  if (name == "sgd") return std::make_unique<SGD>(parameters, SGDOptions{.lr = learning_rate, .momentum = 0.9});
  if (name == "rmsprop")
    return std::make_unique<RMSprop>(parameters,
                                     RMSpropOptions{.lr = learning_rate, .alpha = 0.95, .eps = eps, .momentum = 0.9});
  if (name == "rmsprop-graves")
    return std::make_unique<GravesRMSprop>(parameters, GravesRMSpropOptions{.lr = learning_rate});
  if (name == "adam") return std::make_unique<Adam>(parameters, AdamOptions{.lr = learning_rate, .eps = eps});
  if (name == "adamw") return std::make_unique<AdamW>(parameters, AdamWOptions{.lr = learning_rate, .eps = eps});
  throw ValueError("optimizer \"" + std::string(name) +
                   "\" is unknown; choose sgd, rmsprop, rmsprop-graves, adam or adamw");
}

}  // namespace fovea::examples
