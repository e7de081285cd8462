// copy: a Neural Turing Machine, or what is set beside it, learns one of the tasks of its paper, or one in which more
// passes through a memory than it holds, and shows where it reads and writes.
//
//   copy --task copy|repeat-copy|recall|ngrams|sort|copies|store --model ntm|dnc|lstm --controller lstm|ff --heads 1
//   --memory 128x20 --length 20 ...
//
// Each task has defaults of its own, and so has the differentiable neural computer (options.h). The weights that are
// tested are the best by sequences of validation: of lengths up to the longest trained, and of one beyond it.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/copy/evaluation.h"
#include "examples/copy/options.h"
#include "examples/copy/pictures.h"
#include "examples/copy/typed.h"

namespace fovea::examples {
namespace {

constexpr double kWorst = std::numeric_limits<double>::max();

class Copy final : public Program {
 public:
  explicit Copy(const Options& o)
      : Program(o, {.figure = "wrong bits",
                    .further = {"bits", "sequences"},
                    .loss = "cross-entropy a bit, nats",
                    .good_score = good_score(o.task)}),
        o_(o),
        task_(make_task(o.task)),
        model_(as_asked([&] { return make_model(o, task_, initial); })),
        averaged_(make_model(o, task_, default_generator())) {
    train_with(*model_, make_optimizer(o.optimizer, parameters(*model_), o.learning_rate,
                                       o.eps > 0 ? std::optional(o.eps) : std::nullopt));
    average_ = &average_into(*averaged_, o.average);
    schedule_ = &schedule<StepDecay>(StepDecayOptions{.every = 1, .gamma = o.decay});
    trainer().state()("schedule", *schedule_)("initial", initial)("began", began_)("learned", learned_)("least", best_)(
        "seen", seen_);
    fresh_optimizer_ = optimizer().saved_state();
    fresh_schedule_ = schedule_->saved_state();
  }

 private:
  StepOutput step() override {
    if (trainer().step() % o_.validate_every == 0 && hopeless()) draw_anew();  // not before the validated ones are kept
    const int64_t batch = learned_ != 0 ? std::max(o_.batch, o_.grown_batch) : o_.batch;
    const bool any_length = trainer().step() < o_.curriculum;
    const int64_t length =
        any_length ? data.randint(task_.min_length, o_.length + 1) : task_.draw_length(o_.length, data);
    seen_ += batch;
    return in_parts(task_.make(batch, length, data), [this](const Bits& fresh, const MicroBatch& part) -> StepOutput {
      const Tensor logits = answers_of(*model_, fresh);
      const Tensor loss = binary_cross_entropy_with_logits(logits, fresh.target);
      const auto n = static_cast<double>(part.size()),
                 bits = static_cast<double>(fresh.target.numel()) / n;  // a sequence
      return {loss,
              {sum(wrong_bits(logits.detach(), fresh.target)).item() / n, bits * loss.item() / std::numbers::ln2,
               static_cast<double>(seen_)},
              part.size()};
    });
  }

  // The rate falls with validations: in small steps rare mistakes go away. Each has sequences of its own, for a mistake
  // in a thousand is easily missed.
  double validate() override {
    const int64_t step = trainer().step();
    const Validation found = validation(*averaged_, task_, o_.length, root.fork(3).fork(static_cast<uint64_t>(step)));
    if (learned_ == 0 && found.wrong < 50) learned_ = step;
    best_ = std::min(best_, found.score);
    const bool falls = o_.decay_after == "learned" ? learned_ != 0 : found.wrong == 0 || o_.decay_after == "every";
    if (falls) schedule_->step();
    if (at_rest() && !hopeless()) trainer().stop();
    return found.score;
  }

  // Weights that get most sequences wrong after `patience` steps are learning to do without the memory, and those that
  // are not all but right, on longer sequences too, after half as many further ones address it in a way that ends with
  // the training length.
  bool hopeless() {
    if (o_.patience == 0) return false;
    if (learned_ == 0) return trainer().step() - began_ >= o_.patience;
    return best_ > good_score(o_.task) && (trainer().step() - learned_ >= o_.patience / 2 || at_rest());
  }

  // The rate has become so small that nothing changes any more.
  bool at_rest() {
    return o_.decay_after == "learned" && learned_ != 0 && o_.early_stop > 0 &&
           trainer().step() - learned_ >= 2 * o_.early_stop * o_.validate_every;
  }

  void draw_anew() {
    trainer().sample(fmt::format("step {}: the weights do not find the way and are drawn anew", trainer().step()));
    began_ = trainer().step();
    learned_ = 0;
    best_ = kWorst;
    load_state(*model_, state(*make_model(o_, task_, initial)));
    average_->restart();
    optimizer().load_state(fresh_optimizer_);
    schedule_->load_state(fresh_schedule_);
  }

  Metrics test() override { return test_by_length(*averaged_, task_, o_.test_lengths, o_.test_size, root.fork(4)); }

  void draw() override {
    const MachinePictures shown = show(*averaged_, task_, o_.length, root.fork(5), line.quiet);
    picture("answer.png", shown.answer);
    if (!o_.beside.empty()) picture("beside.png", costs_beside(o_.model, file("metrics.csv"), o_.beside));
    if (shown.memory.panels.empty()) return;
    picture("heads.png", shown.heads);
    picture("memory.png", shown.memory);
  }

  void record(Recorder& recorder) override {
    Generator fresh = root.fork(5);
    record_bits(recorder, task_.make(1, std::max(task_.min_length, std::min<int64_t>(o_.length, 10)), fresh));
  }
  void look(Recorder& recorder, const std::string& text) override {
    record_bits(recorder, typed_bits(task_.name, text));
  }
  void record_bits(Recorder& recorder, const Bits& bits) {
    recorder.sample({.title = o_.task}, [&](Recorded& seen) {
      const Tensor logits = answers_of(*averaged_, bits);
      seen.matrix("input", transpose(select(bits.input, 0, 0), 0, 1), {"channel", "step"});
      seen.matrix("expected", transpose(select(bits.target, 0, 0), 0, 1), {"bit", "answer"});
      seen.matrix("output", transpose(sigmoid(select(logits, 0, 0)), 0, 1), {"bit", "answer"});
      seen.text("answers", in_bits(gt(logits.detach(), scalar(0))));
      seen.text("wrong bits", {fmt::format("{:.0f}", sum(wrong_bits(logits.detach(), bits.target)).item())});
      return binary_cross_entropy_with_logits(logits, bits.target);
    });
  }

  const Options& o_;
  Task task_;
  Box<Machine> model_, averaged_;
  WeightAverage* average_ = nullptr;
  Schedule* schedule_ = nullptr;
  SavedState fresh_optimizer_{}, fresh_schedule_{};
  int64_t began_ = 0, learned_ = 0;  // steps at which these weights began, and first had half of it right
  int64_t seen_ = 0;                 // sequences
  double best_ = kWorst;             // score of a validation of these weights
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Copy>(argc, argv);
}
