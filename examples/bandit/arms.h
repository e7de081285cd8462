// Bernoulli bandits: K arms, arm k pays 1 with probability p_k ~ U[0, 1], which holds for an episode of N pulls and is
// never told. What a player knows is what it pulled and what that paid.
//
//   symbol    shape          meaning
//   p         [B, K]         of each arm, B episodes side by side
//   pulled    i64 [B, N]     arms
//   reward    [B, N]         what they paid
//   x         [B, N, K+2]    what the player sees before pull t: the arm pulled before, one-hot, what it paid, and 1;
//                            before the first pull all 0
#pragma once

#include <fovea/autograd/ops.h>

#include <algorithm>
#include <vector>

namespace fovea::examples {

inline Tensor draw_arms(int64_t episodes, int64_t arms, Generator& generator) {
  return uniform({episodes, arms}, 0, 1, generator);
}

// What the arms [B] pay: [B].
inline Tensor pay(const Tensor& p, const Tensor& arms, Generator& generator) {
  const Tensor chance = squeeze(gather(p, 1, unsqueeze(arms, 1)), 1);
  return to(lt(uniform(chance.shape(), 0, 1, generator), chance), f32);
}

// x of the next pull: [B, K+2].
inline Tensor seen_after(const Tensor& arms, const Tensor& reward, int64_t K) {
  const Tensor one_hot = to(eq(unsqueeze(arms, 1), arange(K)), f32);
  return cat({one_hot, unsqueeze(reward, 1), ones({arms.size(0), 1})}, 1);
}

struct Episodes {
  Tensor x, pulled, reward;
};

// Plays whole episodes: pull(t, x_t [B, K+2]) names the arms of pull t, i64 [B].
template <class Pull>
Episodes play(const Tensor& p, int64_t pulls, Generator& generator, Pull&& pull) {
  const int64_t B = p.size(0), K = p.size(1);
  std::vector<Tensor> x{zeros({B, K + 2})}, pulled, reward;
  for (int64_t t = 0; t < pulls; ++t) {
    pulled.push_back(pull(t, x.back()));
    reward.push_back(pay(p, pulled.back(), generator));
    if (t + 1 < pulls) x.push_back(seen_after(pulled.back(), reward.back(), K));
  }
  return {stack(x, 1), stack(pulled, 1), stack(reward, 1)};
}

// A mean over episodes of what an episode paid.
inline double mean_reward(const Episodes& episodes) { return mean(sum(episodes.reward, 1)).item(); }

}  // namespace fovea::examples
