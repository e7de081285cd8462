// The weights of every attention inside a model, by name, without touching the model:
//
//   name_paths(model);                       // "decoder.attention", ...; without it all report under ""
//   WeightCollector collected;
//   model(x);
//   for (const auto& [name, list] : collected.weights()) ...
//
// While a collector lives, each attention that runs on this thread reports what it attended to, in the order of the
// calls: a decoder reports once a step. Collectors nest; the innermost collects. The tensors are off the tape.
#pragma once

#include <fovea/layers/module.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

class WeightCollector {
 public:
  using Named = std::pair<std::string, std::vector<Tensor>>;

  WeightCollector();
  ~WeightCollector();
  WeightCollector(const WeightCollector&) = delete;
  WeightCollector& operator=(const WeightCollector&) = delete;

  // By path, in the order in which they first reported; [B, Tq, Tk] or [B, H, Tq, Tk] each.
  const std::vector<Named>& weights() const { return weights_; }
  // All calls of one attention after each other, along Tq; shorter Tk are filled up with zeros.
  // IndexError when nothing reported under this name.
  Tensor over_time(std::string_view name) const;
  void clear() { weights_.clear(); }

 private:
  friend void report_weights(const Module& attention, const Tensor& weights);
  std::vector<Named> weights_;
  WeightCollector* before_;
};

// For attentions: whether anybody collects (a fused kernel that never forms the weights asks this), and what they saw.
bool collecting_weights();
void report_weights(const Module& attention, const Tensor& weights);

}  // namespace fovea
