// The weights of every attention inside a model, by name, without touching the model:
//
//   name_paths(model);                       // "decoder.attention", ...; without it all report under ""
//   WeightCollector collected;
//   model(x);
//   for (const auto& [name, list] : collected.weights()) ...
//
// While a collector lives, each attention that runs on this thread reports what it attended to, in the order of the
// calls: a decoder reports once a step. Collectors nest; the innermost collects. The tensors are off the tape, unless
// all is collected: then the gradient of a loss by them can be asked for (grad in autograd/backward.h), and scores and
// the states of cells are there too. What is collected are the weights that read: a row whose context is NaN, because
// it may attend to keys that are, has the weights of the others.
//
// What an attention does can be changed from outside in the same way, to see what follows from it:
//
//   const AttentionHooks uniform({.weights = [](const std::string&, const Tensor& w) { return full_like(w, 0.1); }});
#pragma once

#include <fovea/layers/module.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

enum class Collect { weights, all };

class WeightCollector {
 public:
  using Named = std::pair<std::string, std::vector<Tensor>>;

  explicit WeightCollector(Collect what = Collect::weights);
  ~WeightCollector();
  WeightCollector(const WeightCollector&) = delete;
  WeightCollector& operator=(const WeightCollector&) = delete;

  // By path, in the order in which they first reported; [B, Tq, Tk] or [B, H, Tq, Tk] each.
  const std::vector<Named>& weights() const { return weights_; }
  // Where all is collected. Before the mask, of the attentions that have scores; shapes and order as those of weights.
  const std::vector<Named>& scores() const { return scores_; }
  // Where all is collected. What else is worth looking at, a tensor a step: the states of cells that are driven over a
  // sequence (recurrent/drive.h), the stages of an NTM's addressing.
  const std::vector<Named>& traces() const { return traces_; }
  // All calls of one attention after each other, along Tq; shorter Tk are filled up with zeros.
  // IndexError when nothing reported under this name.
  Tensor over_time(std::string_view name) const;
  void clear() { weights_.clear(), scores_.clear(), traces_.clear(); }

 private:
  friend bool collecting_traces();
  friend Tensor observed_scores(const Module& attention, const Tensor& scores, int64_t heads);
  friend Tensor observed_weights(const Module& attention, const Tensor& weights, int64_t heads);
  friend void report_trace(std::string_view name, const Tensor& value);
  void keep(std::vector<Named>& list, std::string_view name, const Tensor& value);
  Collect what_;
  std::vector<Named> weights_, scores_, traces_;
  WeightCollector* before_;
};

// While they live, what the functions make of an attention's scores (before the mask) and weights stands in their
// place; both are given the attention's path. The innermost act first. Undefined functions change nothing.
class AttentionHooks {
 public:
  using Change = std::function<Tensor(const std::string& path, const Tensor& x)>;
  struct Changes {
    Change scores{}, weights{};
  };
  explicit AttentionHooks(Changes changes);
  ~AttentionHooks();
  AttentionHooks(const AttentionHooks&) = delete;
  AttentionHooks& operator=(const AttentionHooks&) = delete;

 private:
  friend Tensor observed_scores(const Module& attention, const Tensor& scores, int64_t heads);
  friend Tensor observed_weights(const Module& attention, const Tensor& weights, int64_t heads);
  static Tensor changed(Change Changes::*which, const Module& attention, Tensor x);
  Changes changes_;
  AttentionHooks* before_;
};

// For attentions. Whether anybody collects or changes: a fused kernel that never forms the weights asks this.
bool observing_attention();
// What goes on in place of the scores, and then of the weights. With `heads` they are [B H, Tq, Tk], seen from outside
// as [B, H, Tq, Tk].
Tensor observed_scores(const Module& attention, const Tensor& scores, int64_t heads = 0);
Tensor observed_weights(const Module& attention, const Tensor& weights, int64_t heads = 0);
// For cells and their drivers.
bool collecting_traces();
void report_trace(std::string_view name, const Tensor& value);

}  // namespace fovea
