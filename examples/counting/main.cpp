// counting: a network that can push and pop learns languages that need counting, or a memory.
//
//   counting --task anbn|anbncn|anbncndn|anb2n|anbmcnm|memorisation|addition --model stack|list|rnn|lstm ...
//
// It foretells the next symbol of streams of sentences. n begins small and grows as it learns. A network that has not
// learned after `--restart-after` steps is drawn anew; the one that is tested did best on n up to just beyond the
// longest trained, its actions rounded.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <numbers>

#include "examples/counting/evaluation.h"
#include "examples/counting/options.h"
#include "examples/counting/pictures.h"
#include "examples/counting/recorded.h"

namespace fovea::examples {
namespace {

constexpr int64_t kShortest = 3;  // the greatest n that training begins with
constexpr double kGood = 0.05;    // the score of a network that solves all sentences of a validation

class Counting final : public Program {
 public:
  explicit Counting(const Options& o)
      : Program(o,
                {.figure = "wrong %", .unit = "windows", .loss = "cross-entropy a symbol, nats", .good_score = kGood}),
        o_(o),
        language_(language(o.task)),
        model_(as_asked([&] { return make_model(o, initial); })),
        streams_(language_, o.batch) {
    train_with(model_);
    fresh_optimizer_ = optimizer().saved_state();
    trainer().state()("streams", streams_)("initial", initial)("noise", noise_)("began", began_)("tried", tried_);
    trainer().state()("longest", longest_)("wrong", wrong_)("counted", counted_)("score", score_)("tested", tested_)(
        "good", good_);
  }

 private:
  StepOutput step() override {
    if (trainer().step() - began_ >= o_.restart_after) draw_anew();
    const int64_t within = trainer().step() - began_;
    const double done = static_cast<double>(within) / static_cast<double>(o_.restart_after);
    optimizer().set_lr(o_.learning_rate * (0.5 + 0.5 * std::cos(std::numbers::pi * done)));
    if (model_.stack) model_.stack->noise = o_.noise * std::min(1.0, 2 * done);
    if (within % o_.reset == 0) streams_.begin_anew();
    if (within % o_.grow == 0) grow(within > 0);
    const StreamWindow w = streams_.next(o_.window, std::min(longest_, o_.longest), data);
    const Tensor logits = model_(w.ids, streams_.state, noise_);
    streams_.state = detach(streams_.state);
    const auto count = [](const Tensor& which) { return static_cast<double>(sum(which).item<int64_t>()); };
    const double wrong = count(logical_and(ne(argmax(logits, -1), w.next), w.determined)), all = count(w.determined);
    wrong_ += wrong, counted_ += all;
    const Tensor nobody_asks = full({}, -100, i64);
    return {cross_entropy(logits, o_.determined ? where(w.determined, w.next, nobody_asks) : w.next),
            {100 * wrong / std::max(1.0, all)}};
  }

  // Longer sentences once the shorter ones are known.
  void grow(bool measured) {
    if (measured && 100 * wrong_ < o_.grow_below * counted_) longest_ = std::min(longest_ + 1, o_.longest);
    wrong_ = counted_ = 0;
  }

  void draw_anew() {
    load_state(model_, state(make_model(o_, initial)));
    optimizer().load_state(fresh_optimizer_);
    streams_.begin_anew();
    began_ = trainer().step();
    longest_ = kShortest, good_ = 0;
    trainer().sample(fmt::format("step {}: network {} of {}", began_, ++tried_, o_.restarts));
  }

  Solved solve(int64_t least, int64_t most, int64_t count, bool rounding, const Generator& generator) {
    if (model_.stack) model_.stack->rounding = rounding;
    return evaluate(model_, language_, least, most, language_.random ? count : 1, o_.longest, generator);
  }

  double validate() override {
    const Solved found = solve(1, o_.longest * 8 / 5, 10, true, root.fork(3));
    const double score = 100 - found.all() + found.nats;
    if (score < score_) score_ = score, tested_ = tried_;
    good_ += score <= kGood ? 1 : 0;
    const bool solved = o_.early_stop > 0 && 2 * good_ >= o_.early_stop;  // half as often as that, if not in a row
    if (solved && trainer().step() - began_ >= o_.restart_after) trainer().stop();
    return score;
  }

  Metrics test() override {
    const Solved rounded = solve(1, o_.test_longest, o_.test_size, true, root.fork(4)),
                 soft = solve(1, o_.test_longest, o_.test_size, false, root.fork(4));
    say("{} of {}: {:.1f} % of n up to {} solved after {} restarts; the paper's {}", o_.model, o_.task, rounded.all(),
        o_.test_longest, tested_ - 1, paper_row(o_.task));
    if (model_.stack) say("without rounding: {:.1f} %", soft.all());
    Metrics metrics{{"solved_percent", Figures{{o_.task, rounded.all()}}},
                    {"restarts", static_cast<double>(tested_ - 1)}};
    if (model_.stack) metrics.emplace_back("solved_percent_soft", Figures{{o_.task, soft.all()}});
    std::vector<Solved> shown{rounded};
    if (model_.stack) shown.push_back(soft);
    picture("solved.png", solved_chart(o_.task, shown, o_.longest));
    return metrics;
  }

  void draw() override {
    if (!model_.stack) return;
    model_.stack->rounding = true;
    picture("stacks.png", show_stacks(model_, language_, root.fork(5)));
  }

  void look(Recorder& recorder, const std::string& text) override { record_symbols(recorder, model_, language_, text); }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    record_symbols(recorder, model_, language_, language_.make(6, generator).text + language_.make(4, generator).text);
  }

  const Options& o_;
  const Language& language_;
  Predictor model_;
  Streams streams_;
  SavedState fresh_optimizer_{};
  Generator noise_ = root.fork(6);
  int64_t began_ = 0, tried_ = 1, tested_ = 1;  // the step at which this network began, its number, the best one's
  int64_t longest_ = kShortest, good_ = 0;      // good validations of this network
  double wrong_ = 0, counted_ = 0;              // symbols since n last could grow
  double score_ = std::numeric_limits<double>::max();
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Counting>(argc, argv);
}
