// What plays the bandits: a network that sees one pull after the other, and says which arm to pull and how much it
// expects the rest of the episode to pay.
//
//   l_t, V_t = network(x_1 .. x_t)        a_t ~ softmax(l_t)                                              (1)
//
//   δ_t = r_t + γ V_{t+1} - V_t,  V_{N+1} = 0                                                             (2)
//   A_t = Σ_{k >= t} (γ λ)^{k-t} δ_k      Schulman et al. 2015, arXiv 1506.02438, equation 16             (3)
//   L   = -mean(Â log p(a) + β H) + c mean (V - (A + V))²      Â: A of mean 0 and deviation 1             (4)
//
//   symbol   shape        meaning
//   x        [B, N, I]    arms.h
//   l        [B, N, K]    logits
//   V        [B, N]       value
//   A        [B, N]       advantage; no gradient flows through it
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/autograd/score_function.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <fovea/layers/snail/network.h>

namespace fovea::examples {

class Policy : public Module {
 public:
  // One episode after the other, in lockstep.
  struct Play {
    virtual ~Play() = default;
    virtual Tensor step(const Tensor& x) = 0;  // [B, I] -> [B, K + 1]
  };
  virtual Tensor operator()(const Tensor& x) const = 0;  // [B, N, I] -> [B, N, K + 1]: l and V
  virtual std::unique_ptr<Play> begin(int64_t batch) const = 0;
};

class SnailPolicy final : public Policy {
 public:
  SnailPolicy(int64_t arms, int64_t pulls, int64_t hidden, Generator& generator)
      : snail_({.input_size = arms + 2,
                .embed_dim = hidden,
                .output_size = arms + 1,
                .steps = pulls,
                .blocks = {{.filters = hidden}, {.filters = hidden}, {.key_size = hidden, .value_size = hidden}}},
               generator) {}
  void members(Members& m) override { m("snail", snail_); }
  Tensor operator()(const Tensor& x) const override { return snail_(x); }
  std::unique_ptr<Play> begin(int64_t) const override {
    struct Stepping final : Play {
      explicit Stepping(const Snail& snail) : network(snail), state(snail.initial_state()) {}
      Tensor step(const Tensor& x) override {
        auto y = network.step(x, std::move(state));
        state = std::move(y.state);
        return y.output;
      }
      const Snail& network;
      Snail::State state;
    };
    return std::make_unique<Stepping>(snail_);
  }

 private:
  Snail snail_;
};

class LstmPolicy final : public Policy {
 public:
  LstmPolicy(int64_t arms, int64_t hidden, Generator& generator)
      : lstm_("lstm", {.input_size = arms + 2, .hidden_size = hidden}, generator),
        output_(hidden, arms + 1, true, generator) {}
  void members(Members& m) override { m("lstm", lstm_)("output", output_); }
  Tensor operator()(const Tensor& x) const override { return output_(lstm_(x).output); }
  std::unique_ptr<Play> begin(int64_t) const override {
    struct Stepping final : Play {
      explicit Stepping(const LstmPolicy& policy) : of(policy) {}
      Tensor step(const Tensor& x) override {
        auto y = of.lstm_(unsqueeze(x, 1), state);
        state = std::move(y.state);
        return of.output_(squeeze(y.output, 1));
      }
      const LstmPolicy& of;
      State state{};
    };
    return std::make_unique<Stepping>(*this);
  }

 private:
  Recurrent lstm_;
  Linear output_;
};

struct ActorCriticOptions {
  double discount = 1, lambda = 0.95;  // γ, λ
  double entropy_weight = 0.01;        // β
  double value_weight = 0.5;           // c
};

// (4), from what was played.
inline Tensor actor_critic_loss(const Tensor& outputs, const Tensor& pulled, const Tensor& reward,
                                const ActorCriticOptions& o) {
  const int64_t K = outputs.size(2) - 1;
  const Categorical choice(slice(outputs, 2, 0, K));
  const Tensor value = select(outputs, 2, K), now = value.detach();                                // [B, N]
  const Tensor next = cat({slice(now, 1, 1), zeros({now.size(0), 1})}, 1);                         // [B, N]
  const Tensor advantage = reward_to_go(reward + o.discount * next - now, o.discount * o.lambda);  // (2), (3)
  const Tensor centred = advantage - mean(advantage);
  const Tensor scaled = centred / (sqrt(mean(square(centred))) + 1e-6);
  return surrogate_loss(choice.log_prob(pulled), scaled,
                        {.entropy = choice.entropy(), .entropy_weight = o.entropy_weight}) +
         o.value_weight * baseline_loss(value, advantage + now);  // (4)
}

}  // namespace fovea::examples
