// An episode, recorded: what was pulled, how likely each arm was, and which pulls the network looked back at. The
// network plays it anew each time, always the arm that it thinks best.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include "examples/bandit/arms.h"
#include "examples/bandit/policy.h"
#include "examples/common/record.h"
#include "examples/common/typed.h"

namespace fovea::examples {

// "0.1 0.9 0.5": what each arm pays.
inline Tensor typed_arms(const std::string& text, int64_t arms) {
  const std::vector<double> p = typed_numbers(text);
  if (static_cast<int64_t>(p.size()) != arms)
    throw ValueError(fmt::format("--look: {} numbers; need what each of the {} arms pays", p.size(), arms));
  for (const double each : p)
    if (each < 0 || each > 1) throw ValueError(fmt::format("--look: {}; an arm pays from 0 to 1", each));
  return to(from(p, {1, arms}), f32);
}

// The loss is that of the arms pulled: -mean log p.
inline void record_episode(Recorder& recorder, const Policy& policy, const Tensor& p, const Episodes& one) {
  const int64_t arms = p.size(1), pulls = one.x.size(1);
  RecordedWords names, pulled;
  for (int64_t k = 0; k < arms; ++k) names.push_back(fmt::format("{}: {:.2f}", k + 1, p.at({0, k})));
  for (int64_t t = 0; t < pulls; ++t)
    pulled.push_back(fmt::format("{}{}", one.pulled.at<int64_t>({0, t}) + 1, one.reward.at({0, t}) > 0 ? "+" : "-"));
  recorder.sample({.title = fmt::format("{} pulls of {} arms, {:.0f} paid", pulls, arms, mean_reward(one)),
                   .texts = {{"arm", names}, {"pulled", pulled}},
                   .queries = "pulled",
                   .keys = "pulled"},
                  [&](Recorded& seen) {
                    const Tensor logits = slice(policy(one.x), 2, 0, arms);
                    seen.text("pulled", pulled);
                    seen.matrix("probability of each arm", transpose(select(softmax(logits.detach(), 2), 0, 0), 0, 1),
                                {"arm", "pulled"});
                    return cross_entropy(logits, one.pulled);
                  });
}

}  // namespace fovea::examples
