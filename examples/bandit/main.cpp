// bandit: a network learns to learn which arm of a bandit pays most, while it plays.
//
//   bandit --pulls 10 --arms 5 --model snail|lstm ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/bandit/players.h"
#include "examples/bandit/policy.h"
#include "examples/bandit/recorded.h"
#include "examples/common/grid.h"
#include "examples/common/program.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "bandit", .description = "A network learns to find the best arm of a bandit as it plays."},
                    {.steps = 2400, .batch = 256, .learning_rate = 1e-2, .clip = 1, .validate_every = 100}) {}
  std::string& model = choice("model", "network", {"snail", "lstm"});
  int64_t& pulls = whole("pulls", "pulls of an episode", 10, 1, 1000);
  int64_t& arms = whole("arms", "arms of a bandit", 5, 2, 100);
  int64_t& hidden = whole("hidden", "filters, size of a key and of a value; of the LSTM its state", 16, 1, 1024);
  double& discount = real("discount", "what a later pull counts for", 1, 0, 1);
  double& lambda = real("lambda", "of the advantage, equation 3: from one step ahead to all", 0.95, 0, 1);
  double& entropy = real("entropy", "weight of the entropy, halved as the rate is", 0.02, 0, 10);
  int64_t& halve = in_steps(whole("halve", "steps after which the rate is halved, again and again", 600, 1));
  int64_t& test_size = may_change(whole("test-size", "fresh episodes of the test", 10000, 1));
  void settle() override {
    if (model == "lstm") otherwise(hidden, 64), otherwise(learning_rate, 5e-3);
  }
};

Box<Policy> make_policy(const Options& o, Generator& generator) {
  if (o.model == "lstm") return LstmPolicy(o.arms, o.hidden, generator);
  return SnailPolicy(o.arms, o.pulls, o.hidden, generator);
}

class Bandit final : public Program {
 public:
  explicit Bandit(const Options& o)
      : Program(o, {.figure = "reward", .unit = "episodes", .loss = "loss of actor and critic", .log_loss = false}),
        o_(o),
        policy_(make_policy(o, initial)) {
    train_with(*policy_);
    each_step<StepDecay>(StepDecayOptions{.every = o.halve, .gamma = 0.5});
  }

 private:
  // The network plays: draws of its own choice, or the arm that it thinks best.
  Episodes played(const Tensor& p, Generator& generator, bool draws) const {
    const NoGrad off;
    const auto playing = policy_->begin(p.size(0));
    return play(p, o_.pulls, generator, [&](int64_t, const Tensor& x) {
      const Categorical choice(slice(playing->step(x), 1, 0, o_.arms));  // (1)
      return draws ? choice.sample(generator) : choice.mode();
    });
  }

  StepOutput step() override {
    const Episodes episodes = played(draw_arms(o_.batch, o_.arms, data), data, true);
    const double entropy = o_.entropy * std::pow(0.5, trainer().step() / o_.halve);
    const Tensor loss = actor_critic_loss((*policy_)(episodes.x), episodes.pulled, episodes.reward,
                                          {.discount = o_.discount, .lambda = o_.lambda, .entropy_weight = entropy});
    return {loss, {mean_reward(episodes)}};
  }

  double reward(int64_t count, Generator generator) const {
    double sum = 0;
    in_pieces(count, 1000, [&](int64_t some) {
      sum += mean_reward(played(draw_arms(some, o_.arms, generator), generator, false)) * static_cast<double>(some);
    });
    return sum / static_cast<double>(count);
  }

  double validate() override { return -reward(2000, root.fork(3)); }

  Metrics test() override {
    const double learned = reward(o_.test_size, root.fork(4));
    Generator same = root.fork(4);
    const PlayerRewards others = rewards_of_players(draw_arms(o_.test_size, o_.arms, same), o_.pulls, root.fork(6));
    say("{} fresh episodes of {} pulls of {} arms, reward of one: {} {:.2f}; Thompson {:.2f}, greedy on the posterior "
        "{:.2f}, Gittins {:.2f}, random {:.2f}",
        o_.test_size, o_.pulls, o_.arms, o_.model, learned, others.thompson, others.greedy, others.gittins,
        others.random);
    Metrics metrics{{"mean_reward", learned},
                    {"thompson_reward", others.thompson},
                    {"greedy_reward", others.greedy},
                    {"random_reward", others.random}};
    if (!std::isnan(others.gittins)) metrics.push_back({"gittins_reward", others.gittins});
    return metrics;
  }

  // One episode: what was pulled and paid, how sure the network was, and which pulls it looked at.
  void draw() override {
    Generator generator = root.fork(5);
    const Tensor p = draw_arms(1, o_.arms, generator);
    const Episodes one = played(p, generator, false);
    const WeightCollector collected;
    const Tensor chances = softmax(slice(select((*policy_)(one.x), 0, 0), 1, 0, o_.arms), 1);  // [N, K]
    HeatmapPicture shown{.title = fmt::format("{} pulls of {} arms, {:.0f} paid", o_.pulls, o_.arms, mean_reward(one))};
    Heatmap choices{
        .grid = grid_of(transpose(chances, 0, 1)), .title = "probability of each arm", .column_title = "pull"};
    Grid paid{o_.arms, o_.pulls, std::vector<float>(static_cast<size_t>(o_.arms * o_.pulls), 0.0F)};
    for (int64_t k = 0; k < o_.arms; ++k) choices.row_labels.push_back(fmt::format("{:.2f}", p.at({0, k})));
    choices.row_title = "arm, what it pays";
    choices.range = {0, 1};
    for (int64_t t = 0; t < o_.pulls; ++t)
      paid.values[static_cast<size_t>(one.pulled.at<int64_t>({0, t}) * o_.pulls + t)] =
          one.reward.at({0, t}) > 0 ? 1.0F : 0.4F;
    Heatmap pulled{.grid = std::move(paid),
                   .title = "what was pulled: dark where it paid, light where not",
                   .row_title = "arm, what it pays"};
    pulled.column_title = "pull", pulled.row_labels = choices.row_labels, pulled.range = {0, 1};
    shown.panels = {std::move(pulled), std::move(choices)};
    for (const auto& [name, list] : collected.weights())
      shown.panels.push_back({.grid = grid_of(select(list.front(), 0, 0)),
                              .title = "what each pull looks back at",
                              .row_title = "pull",
                              .column_title = "pull",
                              .range = ValueRange{0, 1}});
    picture("episode.png", shown);
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_played(recorder, typed_arms(text, o_.arms), root.fork(5));
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    const Tensor p = draw_arms(1, o_.arms, generator);
    record_played(recorder, p, generator);
  }
  void record_played(Recorder& recorder, const Tensor& p, Generator generator) {
    record_episode(recorder, *policy_, p, played(p, generator, false));
  }

  const Options& o_;
  Box<Policy> policy_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Bandit>(argc, argv);
}
