#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/score_function.h>

namespace fovea {

Tensor surrogate_loss(const Tensor& log_probability, const Tensor& reward, const SurrogateOptions& options) {
  check::same_shape("surrogate_loss", log_probability, reward);
  Tensor advantage = reward.detach();
  if (options.baseline.defined()) {
    broadcast_shapes("surrogate_loss", reward.shape(), options.baseline.shape());
    advantage = advantage - options.baseline.detach();
    if (!(advantage.shape() == reward.shape()))
      throw ShapeError(
          fmt::format("surrogate_loss: baseline {}, reward {}; need a baseline that broadcasts to the reward",
                      describe(options.baseline), describe(reward)));
  }
  Tensor loss = -(advantage * log_probability);  // (2)
  if (options.entropy.defined()) {
    check::same_shape("surrogate_loss", log_probability, options.entropy);
    loss = loss - options.entropy * options.entropy_weight;
  }
  const bool masked = options.mask.defined();
  if (masked) loss = where(options.mask, loss, scalar(0, loss.dtype()));
  if (options.reduction == Reduction::none) return loss;
  if (options.reduction == Reduction::sum) return sum(loss);
  if (!masked) return mean(loss);
  const double count =
      sum(to(options.mask, f64)).item() * static_cast<double>(loss.numel()) / static_cast<double>(options.mask.numel());
  return sum(loss) * (count > 0 ? 1 / count : 0);
}

Tensor baseline_loss(const Tensor& baseline, const Tensor& reward) {
  check::same_shape("baseline_loss", baseline, reward);
  return mse_loss(baseline, reward.detach());
}

MovingBaseline::MovingBaseline(double decay, int64_t steps) : decay_(decay), steps_(steps) {
  if (!(decay >= 0 && decay < 1) || steps < 0)
    throw ValueError(fmt::format("MovingBaseline: decay {}, steps {}; need decay in [0, 1), steps >= 0", decay, steps));
}

Tensor MovingBaseline::operator()(const Tensor& reward) {
  if (steps_ > 0 && (reward.dim() != 2 || reward.size(1) != steps_))
    throw ShapeError(fmt::format("MovingBaseline: reward is {}; need [B, {}]", describe(reward), steps_));
  const Tensor now = steps_ > 0 ? mean(reward.detach(), 0) : mean(reward.detach());
  Tensor before = value_.defined() ? value_ : zeros_like(now);
  value_ = before * decay_ + now * (1 - decay_);
  return before;
}

void MovingBaseline::set_value(const Tensor& value) {
  const Shape wanted = steps_ > 0 ? Shape{steps_} : Shape{};
  if (value.defined() && !(value.shape() == wanted))
    throw ShapeError(fmt::format("MovingBaseline: value is {}; need {}", describe(value), wanted.str()));
  value_ = value;
}

Tensor leave_one_out(const Tensor& reward) {
  if (reward.dim() < 1 || reward.size(0) < 2)
    throw ShapeError(fmt::format("leave_one_out: reward is {}; need [S, ...] with S >= 2", describe(reward)));
  const Tensor r = reward.detach();
  return (sum(r, 0, true) - r) * (1 / static_cast<double>(reward.size(0) - 1));
}

Tensor reward_to_go(const Tensor& rewards, double discount) {
  if (rewards.dim() != 2) throw ShapeError(fmt::format("reward_to_go: rewards are {}; need [B, T]", describe(rewards)));
  const int64_t steps = rewards.size(1);
  if (steps == 0) return rewards.detach();
  std::vector<Tensor> to_go(static_cast<size_t>(steps));
  Tensor running = zeros({rewards.size(0)}, rewards.dtype());
  for (int64_t t = steps - 1; t >= 0; --t)
    to_go[static_cast<size_t>(t)] = running = select(rewards.detach(), 1, t) + running * discount;
  return stack(to_go, 1);
}

}  // namespace fovea
