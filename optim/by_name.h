// An optimiser by its name, for what is chosen on a command line or in a file; its other settings are the usual ones.
#pragma once

#include <fovea/optim/optimizer.h>

#include <memory>
#include <optional>
#include <string_view>

namespace fovea {

// sgd (momentum 0.9), rmsprop (alpha 0.95, momentum 0.9), rmsprop-graves, adam, adamw. `eps` in place of their own.
// ValueError for another name, and for sgd with eps: it has none.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Tensor>& parameters,
                                          double learning_rate, std::optional<double> eps = {});

}  // namespace fovea
