// What teaches an attention that draws: the score-function estimator (autograd/score_function.h) over the steps of an
// answer. Xu et al. 2015, arXiv 1502.03044, section 4.1.
//
//   r_t = log p(y_t)                                                             (1)
//   R_t = Σ_{k >= t} γ^{k - t} r_k                                               (2)
//   L   = mean_t [ -log p(y_t) - λ sg(R_t - b_t) log α_{t, s_t} - μ H(α_t) ]     (3)
//
//   b   none               0
//       moving             a running mean of R over all steps
//       leave-one-out      the mean R_t of the other draws for the same string; `draws` rows a string
//
// Shapes: r, R, b [B, U]; the rows of a string stand `batch / draws` apart.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/score_function.h>
#include <fovea/layers/attention/align/hard.h>
#include <fovea/layers/seq2seq/sequence_model.h>

#include <string>
#include <utility>
#include <vector>

#include "examples/common/terminal.h"
#include "examples/reverse/task.h"

namespace fovea::examples {

struct HardOptions {
  std::string baseline = "moving";  // none, moving, leave-one-out
  int64_t draws = 2;                // of leave-one-out
  double discount = 0;              // γ
  double weight = 1;                // λ
  double entropy = 0;               // μ
};

inline Tensor repeat(const Tensor& x, int64_t times) {
  return cat(std::vector<Tensor>(static_cast<size_t>(times), x), 0);
}

inline Tensor baseline_of(const Tensor& returns, const HardOptions& o, double running) {
  if (o.baseline == "none") return {};
  if (o.baseline == "moving") return scalar(running, returns.dtype());
  const int64_t B = returns.size(0), U = returns.size(1);
  return reshape(leave_one_out(reshape(returns, {o.draws, B / o.draws, U})), {B, U});
}

// Of the weights of each step, [B, U].
inline Tensor entropy_of(const SequenceOutput& output) {
  if (output.entropy.defined()) return output.entropy;
  return neg(sum(output.weights * log(output.weights + 1e-8), -1));
}

// Strings for one update: those of a batch, each `draws` times where the baseline wants it.
inline Strings repeated(const Strings& strings, const HardOptions& o) {
  if (o.baseline != "leave-one-out") return strings;
  return {repeat(strings.source, o.draws), repeat(strings.input_ids, o.draws), repeat(strings.target, o.draws)};
}

// (3); its last two terms only where the attention drew. `running` is the moving baseline so far, and is updated. Added
// is the entropy of the weights times `sharpen`, which makes a soft attention decide for one letter: what it has given
// it knows, so a share of the weight left on that would cost it nothing.
inline Tensor answer_loss(const SequenceOutput& output, const Tensor& target, const HardOptions& o, double& running,
                          double sharpen = 0) {
  const auto sharpened = [&](const Tensor& loss) {
    return sharpen > 0 && output.weights.defined() ? loss + mean(entropy_of(output)) * sharpen : loss;
  };
  if (!output.log_probability.defined()) return sharpened(cross_entropy(output.logits, target));
  const Tensor surprise = cross_entropy(output.logits, target, {.reduction = Reduction::none});  // -log p  [B, U]
  const Tensor returns = reward_to_go(neg(surprise), o.discount);                                // (1), (2) [B, U]
  const Tensor baseline = baseline_of(returns, o, running);
  running = 0.9 * running + 0.1 * mean(returns).item();
  const Tensor score = surrogate_loss(output.log_probability, returns, {.baseline = baseline});
  return sharpened(mean(surprise) + score * o.weight - mean(output.entropy) * o.entropy);  // (3)
}

// The variance of the gradient of (3) by `watched` under each baseline: the sum over all elements, from `count`
// gradients of one batch of strings.
inline std::vector<std::pair<std::string, double>> gradient_variance(const SequenceModel& model,
                                                                     const std::vector<Tensor>& watched,
                                                                     const Strings& strings, const HardOptions& options,
                                                                     int64_t count, Generator generator) {
  std::vector<std::pair<std::string, double>> found;
  for (const char* name : {"none", "moving", "leave-one-out"}) {
    HardOptions own = options;
    own.baseline = name;
    // As many rows for each: the strings twice where the baseline does not repeat them itself.
    const Strings data = repeated(strings, {.baseline = "leave-one-out", .draws = options.draws});
    std::vector<Tensor> total, squares;
    double running = 0;
    for (int64_t i = -20; i < count; ++i) {  // the first twenty are for the moving baseline alone
      const SequenceOutput output = model(data.source, {}, data.input_ids, {.generator = generator});
      const Tensor loss = answer_loss(output, data.target, own, running);
      if (i < 0) continue;
      const std::vector<Tensor> gradients = grad(loss, watched);
      for (size_t k = 0; k < gradients.size(); ++k) {
        const Tensor g = to(gradients[k].detach(), f64);
        if (i == 0) total.push_back(zeros_like(g)), squares.push_back(zeros_like(g));
        total[k] = total[k] + g;
        squares[k] = squares[k] + square(g);
      }
    }
    const auto n = static_cast<double>(count);
    double variance = 0;
    for (size_t k = 0; k < total.size(); ++k) variance += sum(squares[k] - square(total[k]) * (1 / n)).item() / (n - 1);
    found.emplace_back(name, variance);
  }
  return found;
}

// That of a trained model's attention, which draws each read while it is measured.
inline std::vector<std::pair<std::string, double>> variances(SequenceModel& model, const Strings& strings,
                                                             const HardOptions& options, const Generator& generator) {
  const EnableGrad tape;
  model.train();
  for_each_module<Hard>(model, [](Hard& each) { each.set_expectation(0); });
  std::vector<Tensor> watched;
  for (const auto& [name, parameter] : named_parameters(model))
    if (name.find("attention") == 0) watched.push_back(parameter);
  auto found = gradient_variance(model, watched, strings, options, 100, generator);
  model.eval();
  for (const auto& [name, value] : found) say("gradient's variance, baseline {:<14} {:.4g}", name, value);
  return found;
}

}  // namespace fovea::examples
