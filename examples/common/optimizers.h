// The optimiser named by --optimizer, with the settings that the examples use.
#pragma once

#include <fovea/optim/optimizer.h>

#include <memory>
#include <string_view>

namespace fovea::examples {

// sgd (momentum 0.9), rmsprop (alpha 0.95, momentum 0.9), rmsprop-graves, adam, adamw. ValueError for another name.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Tensor>& parameters,
                                          double learning_rate, double eps = 1e-8);

}  // namespace fovea::examples
