#include "examples/reverse/hard.h"

#include <fovea/autograd/backward.h>

namespace fovea::examples {
namespace {

Tensor repeat(const Tensor& x, int64_t times) { return cat(std::vector<Tensor>(static_cast<size_t>(times), x), 0); }

Tensor baseline_of(const Tensor& returns, const HardOptions& o, double running) {
  if (o.baseline == "none") return {};
  if (o.baseline == "moving") return scalar(running, returns.dtype());
  const int64_t B = returns.size(0), U = returns.size(1);
  return reshape(leave_one_out(reshape(returns, {o.draws, B / o.draws, U})), {B, U});
}

// Of the weights of each step, [B, U].
Tensor entropy_of(const SequenceOutput& output) {
  if (output.entropy.defined()) return output.entropy;
  return neg(sum(output.weights * log(output.weights + 1e-8), -1));
}

}  // namespace

Strings repeated(const Strings& strings, const HardOptions& o) {
  if (o.baseline != "leave-one-out") return strings;
  return {repeat(strings.source, o.draws), repeat(strings.input_ids, o.draws), repeat(strings.target, o.draws)};
}

Tensor answer_loss(const SequenceOutput& output, const Tensor& target, const HardOptions& o, double& running,
                   double sharpen) {
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

std::vector<std::pair<std::string, double>> gradient_variance(const SequenceModel& model,
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

}  // namespace fovea::examples
