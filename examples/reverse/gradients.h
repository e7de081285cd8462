// How much of the gradient at an answer arrives at the letter that it comes from, over the distance between the two.
//
//   g(d) = E ‖∂L_u / ∂x_i‖ / E ‖∂L_u / ∂z_u‖,   i = T - 1 - u,   d = T - i + u
//
//   L_u, z_u   cross-entropy and logits of the u-th letter of the answer, which is letter i of the source backwards
//   x_i        that letter's embedding
//   d          steps of encoder and decoder between the two, 1 for the last letter, 2 T - 1 for the first
//
// Divided by the gradient at the logits, so that what was learned, whose loss is near 0, can be compared with what was
// not. E: the mean over the strings.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

#include <utility>
#include <vector>

#include "examples/reverse/evaluation.h"

namespace fovea::examples {

// While it lives, every letter of a batch of sources has a row of its own in the model's table of embeddings.
class OwnRows {
 public:
  OwnRows(RecurrentModel& model, const Tensor& source)
      : model_(model),
        before_(std::exchange(
            model.source_embedding.weight,
            fovea::Parameter(embedding(model.source_embedding.weight, reshape(source, {-1})).detach()))) {}
  ~OwnRows() { model_.source_embedding.weight = std::move(before_); }
  OwnRows(const OwnRows&) = delete;
  OwnRows& operator=(const OwnRows&) = delete;

 private:
  RecurrentModel& model_;
  fovea::Parameter before_;
};

// g(d) by d = 1, 3, .. 2 T - 1; the task is to reverse.
inline Summary::Figures gradient_shares(RecurrentModel& model, const Strings& strings) {
  const EnableGrad tape;
  const auto norms = [](const Tensor& x) { return sqrt(sum(square(to(x, f64)), -1)); };
  const int64_t B = strings.source.size(0), T = strings.source.size(1);
  const OwnRows rows(model, strings.source);
  const Tensor logits = model(reshape(arange(B * T), {B, T}), {}, strings.input_ids).logits;
  Summary::Figures found;
  for (int64_t u = 0; u < T; ++u) {
    const Tensor loss =
        cross_entropy(select(logits, 1, u), select(strings.target, 1, u), {.reduction = Reduction::sum});
    const auto by = grad(loss, {model.source_embedding.weight.tensor(), logits}, {.retain_graph = true});
    const Tensor arrives = select(reshape(norms(by[0]), {B, T}), 1, T - 1 - u);
    found.emplace_back(std::to_string(2 * u + 1), sum(arrives).item() / sum(norms(select(by[1], 1, u))).item());
  }
  return found;
}

// Those of a network with attention and of one without, trained and not; nothing of models that are not recurrent.
class GradientShares {
 public:
  void measure(const std::string& name, SequenceModel& model, const Strings& strings) {
    auto* const recurrent = dynamic_cast<RecurrentModel*>(&model);
    if (recurrent == nullptr) return;
    shares_.emplace_back(name, gradient_shares(*recurrent, strings));
    const auto& figures = shares_.back().second;
    say("gradient that arrives, {:<27} {:8.2g} over {} step, {:8.2g} over {}", name + ":", figures.front().second,
        figures.front().first, figures.back().second, figures.back().first);
  }
  bool empty() const { return shares_.empty(); }
  void add_to(std::vector<std::pair<std::string, Summary::Metric>>& metrics) const {
    for (const auto& [name, figures] : shares_) {
      std::string key = "gradient";
      for (const char sign : " " + name)
        if (sign != ',') key += sign == ' ' ? '_' : sign;
      metrics.emplace_back(key, figures);
    }
  }
  LineChart chart() const {
    LineChart chart{.title = "gradient at an answer that arrives at its letter",
                    .x_title = "steps of encoder and decoder between the two",
                    .y_title = "share",
                    .log_y = true};
    for (const auto& [name, figures] : shares_) chart.series.push_back(series_of(name, figures));
    return chart;
  }

 private:
  std::vector<std::pair<std::string, Summary::Figures>> shares_{};
};

}  // namespace fovea::examples
