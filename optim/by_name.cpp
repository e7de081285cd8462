#include <fovea/optim/adam.h>
#include <fovea/optim/by_name.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/sgd.h>

namespace fovea {

std::unique_ptr<Optimizer> make_optimizer(std::string_view name, const std::vector<Tensor>& parameters,
                                          double learning_rate, std::optional<double> eps) {
  const auto finished = [&](auto options) {
    options.lr = learning_rate;
    if (eps) options.eps = *eps;
    return options;
  };
  if (name == "sgd" && eps) throw ValueError("optimizer \"sgd\" has no eps; leave it out");
  if (name == "sgd") return std::make_unique<SGD>(parameters, SGDOptions{.lr = learning_rate, .momentum = 0.9});
  if (name == "rmsprop")
    return std::make_unique<RMSprop>(parameters, finished(RMSpropOptions{.alpha = 0.95, .momentum = 0.9}));
  if (name == "rmsprop-graves") return std::make_unique<GravesRMSprop>(parameters, finished(GravesRMSpropOptions{}));
  if (name == "adam") return std::make_unique<Adam>(parameters, finished(AdamOptions{}));
  if (name == "adamw") return std::make_unique<AdamW>(parameters, finished(AdamWOptions{}));
  throw ValueError("optimizer \"" + std::string(name) +
                   "\" is unknown; choose sgd, rmsprop, rmsprop-graves, adam or adamw");
}

}  // namespace fovea
