// Players that need no learning. Each knows how often arm k paid (won, of pulled), which is all that matters.
//
//   random      any arm
//   greedy      the largest mean of the posterior Beta(1 + won, 1 + lost), the first of equals
//   Thompson    the largest of one draw of each posterior. Thompson 1933
//   Gittins     the largest index: the sure pay a pull for which one would as soon give up the arm, with the pulls that
//               are left. Gittins 1979; here of a finite horizon
//
//   Q(w, l, n; λ) = m (1 + V(w+1, l, n-1)) + (1 - m) V(w, l+1, n-1),  m = (1 + w) / (2 + w + l)      (1)
//   V(w, l, n; λ) = max(λ n, Q),  V(., ., 0) = 0                                                     (2)
//   index(w, l, n) = sup{λ: Q >= λ n}                                                                (3)
#pragma once

#include <fovea/core/error.h>

#include <cmath>
#include <limits>
#include <string>

#include "examples/bandit/arms.h"

namespace fovea::examples {

// (3) for all w + l + n <= N, from a grid of λ and a straight line within it. O(N³) each λ.
class GittinsIndex {
 public:
  static constexpr int64_t most_pulls = 150, grid = 200;
  explicit GittinsIndex(int64_t N) : pulls_(N) {
    if (N < 1 || N > most_pulls)
      throw ValueError("GittinsIndex: " + std::to_string(N) + " pulls; need 1 to " + std::to_string(most_pulls));
    const size_t side = static_cast<size_t>(N + 1);
    index_.resize(side * side * side);
    std::vector<float> margin(index_.size());  // (Q - λ n) / n at the λ before
    std::vector<double> now(side * side), before(side * side);
    for (int64_t g = 0; g <= grid; ++g) {
      const double lambda = static_cast<double>(g) / grid;
      std::fill(before.begin(), before.end(), 0.0);
      for (int64_t n = 1; n <= N; ++n) {
        for (int64_t w = 0; w + n <= N; ++w)
          for (int64_t l = 0; w + l + n <= N; ++l) {
            const double m = static_cast<double>(1 + w) / static_cast<double>(2 + w + l),
                         sure = lambda * static_cast<double>(n);
            const double Q = m * (1 + before[at(w + 1, l)]) + (1 - m) * before[at(w, l + 1)];  // (1)
            now[at(w, l)] = std::max(sure, Q);                                                 // (2)
            const auto gain = static_cast<float>((Q - sure) / static_cast<double>(n));
            float &last = margin[at(n, w, l)], &found = index_[at(n, w, l)];
            if (gain >= 0)
              found = static_cast<float>(lambda);
            else if (g > 0 && last >= 0)
              found += last / (last - gain) / static_cast<float>(grid);  // (3)
            last = gain;
          }
        std::swap(now, before);
      }
    }
  }
  // With n pulls left, this one among them.
  double operator()(int64_t won, int64_t lost, int64_t n) const { return index_[at(n, won, lost)]; }

 private:
  size_t at(int64_t w, int64_t l) const { return static_cast<size_t>(w * (pulls_ + 1) + l); }
  size_t at(int64_t n, int64_t w, int64_t l) const {
    return static_cast<size_t>(n * (pulls_ + 1) * (pulls_ + 1)) + at(w, l);
  }
  int64_t pulls_;
  std::vector<float> index_;
};

// Plays p [B, K] and gives what an episode paid in the mean. worth(won, lost, pulls left) of an arm; the largest is
// pulled, the first of equals.
template <class Worth>
double reward_of_player(const Tensor& p, int64_t pulls, Generator& generator, Worth&& worth) {
  const int64_t B = p.size(0), K = p.size(1);
  std::vector<int64_t> won(static_cast<size_t>(B * K)), lost(won.size());
  Tensor last;  // arms of the pull before
  const Episodes played = play(p, pulls, generator, [&](int64_t t, const Tensor& x) {
    Tensor arms = empty({B}, i64);
    for (int64_t b = 0; b < B; ++b) {
      if (t > 0) ++(x.at({b, K}) > 0 ? won : lost)[static_cast<size_t>(b * K + last.at<int64_t>({b}))];
      int64_t best = 0;
      double most = -1;
      for (int64_t k = 0; k < K; ++k) {
        const auto i = static_cast<size_t>(b * K + k);
        const double value = worth(won[i], lost[i], pulls - t);
        if (value > most) most = value, best = k;
      }
      arms.data<int64_t>()[b] = best;
    }
    return last = arms;
  });
  return mean_reward(played);
}

struct PlayerRewards {
  double random, greedy, thompson, gittins;  // gittins NaN where there are too many pulls for its table
};

inline PlayerRewards rewards_of_players(const Tensor& p, int64_t pulls, const Generator& generator) {
  const auto posterior = [](int64_t won, int64_t lost) {
    return static_cast<double>(1 + won) / static_cast<double>(2 + won + lost);
  };
  Generator own = generator.fork(0), paid = generator.fork(1);
  // The sum of `shape` exponentials.
  const auto gamma = [&own](int64_t shape) {
    double sum = 0;
    for (int64_t i = 0; i < shape; ++i) sum -= std::log1p(-own.uniform());
    return sum;
  };
  PlayerRewards found{};
  found.random = reward_of_player(p, pulls, paid, [&](int64_t, int64_t, int64_t) { return own.uniform(); });
  found.greedy = reward_of_player(p, pulls, paid, [&](int64_t w, int64_t l, int64_t) { return posterior(w, l); });
  found.thompson = reward_of_player(p, pulls, paid, [&](int64_t w, int64_t l, int64_t) {
    const double a = gamma(1 + w);
    return a / (a + gamma(1 + l));
  });
  found.gittins = std::numeric_limits<double>::quiet_NaN();
  if (pulls <= GittinsIndex::most_pulls) {
    const GittinsIndex index(pulls);
    found.gittins = reward_of_player(p, pulls, paid, [&](int64_t w, int64_t l, int64_t n) { return index(w, l, n); });
  }
  return found;
}

}  // namespace fovea::examples
