// WeightAverage: a second module whose weights are the moving average of a first one's. Averaged weights make fewer
// rare mistakes than those of any single step. Polyak & Juditsky 1992, "Acceleration of Stochastic Approximation by
// Averaging"; the exponential form, with a decay that begins small:
//
//   θ̄ = d_t θ̄ + (1 - d_t) θ,   d_t = min(d, (1 + t) / (10 + t)),   t = 0, 1, ...   (1)
//
//   NeuralTuringMachine averaged = clone(model);
//   WeightAverage average(model, averaged, 0.999);
//   for (...) { ...; optimizer.step(); average.update(); }       // evaluate and keep `averaged`
//
// Floating buffers are averaged too (a batch norm's statistics are then those of the average; directions of a spectral
// norm have to settle, spectral_norm.h), others copied. Saved is t; the averaged module is saved as a module. Errors:
// ValueError for modules that differ, and for a decay outside [0, 1).
#pragma once

#include <fovea/layers/module.h>
#include <fovea/optim/saved_state.h>

namespace fovea {

class WeightAverage final : public Saveable {
 public:
  // Refers to both; they must outlive this.
  WeightAverage(const Module& source, Module& average, double decay);
  void update();   // (1)
  void restart();  // θ̄ = θ, t = 0

  SavedState saved_state() const override;
  std::function<void()> prepare_load(const SavedState& saved) override;

 private:
  NamedTensors source_, average_;
  double decay_;
  int64_t updates_ = 0;
};

}  // namespace fovea
