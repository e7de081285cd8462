// reverse: a decoder with attention learns to give a string backwards, and shows where it looks. Beside it, on the same
// strings, learns the same network without attention.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/reverse/gradients.h"
#include "examples/reverse/rival.h"

namespace fovea::examples {
namespace {

class Reverse final : public Program {
 public:
  explicit Reverse(const Options& o)
      : Program(o, {.figure = o.compare ? "loss without attention" : "longest string",
                    .unit = "strings",
                    .loss = "cross-entropy a letter, nats",
                    .good_score = 0.03}),
        o_(o),
        task_(o.task, o.letters),
        model_(as_asked([&] { return make_model(o, o.model, task_.vocabulary(), initial); })),
        averaged_(make_model(o, o.model, task_.vocabulary(), default_generator())),
        reached_(std::min(o.first_length, o.length)) {
    if (o.compare) rival_.emplace(o, task_.vocabulary(), initial);
    train_with(*model_);
    average_into(*averaged_, o.average);
    each_step<StepDecay>(StepDecayOptions{.every = o.halve, .gamma = 0.5});
    trainer().state()("draws", draws_)("baseline", baseline_)("reached", reached_);
    if (rival_)
      trainer().state()("without", *rival_->model)("without_optimizer", *rival_->optimizer)("without_schedule",
                                                                                            rival_->schedule);
  }

 private:
  // Strings grow as the model does: a length is drawn up to the longest reached, which grows while the loss is small.
  StepOutput step() override {
    const int64_t length = std::max(data.randint(1, reached_ + 1), data.randint(1, reached_ + 1));
    const Strings strings = task_.make(o_.batch, length, data);
    const bool warming = trainer().step() < o_.warmup;
    HardOptions hard = o_.hard();
    if (o_.align != "hard" || warming) hard.baseline = "none";  // nothing is drawn
    const Strings repeats = repeated(strings, hard);
    expect(warming ? 1 : o_.expectation);
    const SequenceOutput output = (*model_)(repeats.source, {}, repeats.input_ids, {.generator = draws_});
    const Tensor loss = answer_loss(output, repeats.target, hard, baseline_, o_.sharpen);
    const double surprise = cross_entropy(output.logits.detach(), repeats.target).item();
    if (surprise < 0.3 && 2 * length > reached_ && reached_ < o_.length) ++reached_;
    StepOutput step{loss, {rival_ ? rival_->learn(strings, draws_) : static_cast<double>(reached_)}};
    step.shown = surprise;
    return step;
  }

  bool attends() const { return o_.model != "encoder-decoder"; }

  // Share of the steps in which hard attention reads its expectation.
  void expect(double share) {
    for_each_module<Hard>(*model_, [share](Hard& each) { each.set_expectation(share); });
  }

  double validate() override {
    const int64_t length = o_.align == "ntm" ? 3 * o_.length : o_.length;  // one that moves shall go on beyond
    const Rightness found = evaluate(*averaged_, task_, length, 500, root.fork(3));
    const double astray = std::isnan(found.alignment_percent) ? 0 : 100 - found.alignment_percent;
    return 100 - found.exact_percent + 0.1 * astray;
  }

  Metrics test() override {
    Figures alignment;
    double at_longest = 0;
    for (const int64_t length : o_.test_lengths) {
      const std::string name = std::to_string(length);
      const Rightness found = evaluate(*averaged_, task_, length, o_.test_size, root.fork(4));
      exact_.emplace_back(name, found.exact_percent);
      if (attends()) alignment.emplace_back(name, found.alignment_percent);
      if (length <= o_.length) at_longest = found.alignment_percent;
      std::string text = fmt::format("length {:>3}: {}", length, in_words(found));
      if (rival_) {
        without_.emplace_back(name, evaluate(*rival_->model, task_, length, o_.test_size, root.fork(4)).exact_percent);
        text += fmt::format("; without attention {:5.1f} % right", without_.back().second);
      }
      say("{}", text);
    }
    Metrics metrics{{"exact_percent", exact_}};
    if (attends())
      metrics.insert(metrics.end(), {{"alignment_percent", at_longest}, {"alignment_percent_by_length", alignment}});
    if (rival_) metrics.emplace_back("exact_percent_without_attention", without_);
    if (o_.align == "hard") {
      Generator fresh = root.fork(7);
      metrics.emplace_back("gradient_variance",
                           variances(*averaged_, task_.make(o_.batch, o_.length, fresh), o_.hard(), root.fork(8)));
    }
    if (rival_ && o_.task == "reverse" && o_.align == "soft") gradients();
    gradients_.add_to(metrics);
    return metrics;
  }

  void gradients() {
    Generator fresh = root.fork(9);
    const Strings strings = task_.make(100, o_.length, fresh);
    for (const auto& [name, of] : {std::pair{"with attention", o_.model}, {"without attention", "encoder-decoder"}})
      gradients_.measure(std::string("untrained, ") + name, *make_model(o_, of, task_.vocabulary(), fresh), strings);
    gradients_.measure("trained, with attention", *averaged_, strings);
    gradients_.measure("trained, without attention", *rival_->model, strings);
  }

  std::vector<Series> losses(const MetricsTable& metrics) const override {
    std::vector<Series> all = Program::losses(metrics);
    all.front().name = "with attention";
    if (rival_) all.push_back({"without attention", metrics.column("step"), metrics.column("loss without attention")});
    return all;
  }

  void draw() override {
    const int64_t length = std::min<int64_t>(o_.length, 20);
    if (const auto shown = show_attention(*averaged_, task_, length, root.fork(5), line.quiet))
      picture("attention.png", *shown);
    if (!gradients_.empty()) picture("gradients.png", gradients_.chart());
    if (exact_.empty()) return;
    std::vector<Series> accuracy{series_of(attends() ? "with attention" : "without attention", exact_)};
    if (rival_) accuracy.push_back(series_of("without attention", without_));
    picture(
        "accuracy.png",
        accuracy_chart(fmt::format("{}: whole strings right, trained up to length {}", o_.task, o_.length), accuracy));
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_strings(recorder, *averaged_, task_, task_.answer(task_.letters_of(text)));
  }
  void record(Recorder& recorder) override {
    record_string(recorder, *averaged_, task_, std::min<int64_t>(o_.length, 10), root.fork(5));
  }

  const Options& o_;
  LetterTask task_;
  Generator draws_ = root.fork(6);
  std::unique_ptr<SequenceModel> model_, averaged_;
  std::optional<Rival> rival_{};
  int64_t reached_;  // length that the training strings have grown to
  double baseline_ = 0;
  Figures exact_{}, without_{};
  GradientShares gradients_{};
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Reverse>(argc, argv);
}
