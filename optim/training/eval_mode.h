// While one lives, a module is in eval mode and nothing is recorded: for validation, tests and pictures. Afterwards, an
// exception included, every module below has the mode it had. Refers to the module.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/layers/module.h>

#include <utility>
#include <vector>

namespace fovea {

class EvalMode {
 public:
  explicit EvalMode(Module& model);
  ~EvalMode();
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  NoGrad no_grad_;
  std::vector<std::pair<std::reference_wrapper<Module>, bool>> modes_;  // from the root down
};

}  // namespace fovea
