#include <fovea/optim/training/eval_mode.h>

namespace fovea {
namespace {

struct ModeList : Members {
  std::vector<std::pair<std::reference_wrapper<Module>, bool>> modes;
  void on_module(const std::string&, Module& module) override { modes.emplace_back(module, module.training()); }
};

}  // namespace

EvalMode::EvalMode(Module& model) {
  ModeList list;
  list.walk(model);
  modes_ = std::move(list.modes);
  model.eval();
}

// train() reaches down, so those below come later.
EvalMode::~EvalMode() {
  for (const auto& [module, training] : modes_) module.get().train(training);
}

}  // namespace fovea
