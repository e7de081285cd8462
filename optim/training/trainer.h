// Trainer: the loop around a step. It owns zero, backward, reduce, clip, step, average (update.h), validation, keeping
// the best, saving, stopping and going on; what is to be seen of it is a stream of events (events.h).
//
//   Trainer trainer(model, adam, {.steps = 2000, .clip = 1});
//   trainer.folder(RunFolder::open("runs/lookup"));              // keeps the run there, and goes on with it
//   Progress progress(trainer.events(), {.name = "lookup"});
//   trainer.run(batches, [&](const Batch& batch) { return loss_of(model, batch); }, [&] { return score(model); });
//
// A step returns the loss, and further figures if it has any; a validation a score, lower is better, of which the best
// is kept: afterwards the model has those weights. Every number that a run depends on goes through state(), so that a
// resumed run is bitwise the uninterrupted one, its metrics.csv too. In a folder stand metrics.csv, last.safetensors
// (the state), best.safetensors (weights) and seconds.txt (the time it took: a checkpoint has nothing that differs from
// run to run); each appears whole or not at all, so a run may be killed at any moment.
// Several processes train as one (ranks.h): each validates, the first alone writes and is asked what ends the run.
// Validation runs in EvalMode. Ctrl-C finishes the step, saves and ends the run. Errors: NonFiniteError naming the
// step, before its weights change; FileError for a file that cannot be read or written, or is of another run. Refers to
// all that it is given. Cost beside the step: one pass over the gradients.
#pragma once

#include <fovea/autograd/shared_weights.h>
#include <fovea/optim/training/data.h>
#include <fovea/optim/training/eval_mode.h>
#include <fovea/optim/training/metrics.h>
#include <fovea/optim/training/micro_batches.h>
#include <fovea/optim/training/run_folder.h>
#include <fovea/optim/training/update.h>
#include <fovea/optim/training_state.h>

#include <optional>

namespace fovea {

struct TrainerOptions {
  int64_t steps = 1000;
  double clip = std::numeric_limits<double>::infinity();  // largest norm of the gradient
  std::vector<std::string> figures{};                     // names of a step's figures besides the loss
  int64_t log_every = 20;                                 // steps a row of metrics.csv, which holds their means
  int64_t validate_every = 500;                           // steps
  int64_t early_stop = 0;  // end after this many validations in a row with a good score; 0: never
  double good_score = 0;   // at most this
  double save_every = 30;  // seconds
  bool stop_on_interrupt = true;
  int64_t micro_batches = 0;  // parts of a step's batch, a power of two (micro_batches.h); 0: as many as ranks
};

class Trainer {
 public:
  enum class Ended { steps, early_stop, interrupted };
  using Step = std::function<StepOutput()>;
  using Validate = std::function<double()>;

  Trainer(Module& model, Optimizer& optimizer, TrainerOptions options);
  // Before run():
  Trainer& folder(RunFolder folder) { return folder_ = std::move(folder), *this; }
  Trainer& schedule(Schedule& schedule);                       // a step an update
  Trainer& average(Module& averaged, WeightAverage& average);  // it is validated and kept in place of the model
  Trainer& reduce(Update::Reduce reduce) { return update_.reduce(std::move(reduce)), *this; }
  Trainer& ranks(Ranks& ranks) { return ranks_ = &ranks, *this; }  // who train together
  TrainingState& state() { return state_; }  // what else a checkpoint holds: generators, data, numbers
  Events& events() { return events_; }

  // Once a Trainer. Without a validation the last weights are kept.
  Ended run(const Step& step, const Validate& validate = {});
  template <class Source, class StepOn>
  requires requires(Source& data) { data.next(); }
  Ended run(Source& data, StepOn&& step, const Validate& validate = {}) {
    state_("data", data);
    return run(
        [&]() -> StepOutput {
          const auto batch = data.next();
          if constexpr (requires(MicroBatch & part) { part.rows(batch); })
            return micro_batches(rows_of(batch),
                                 [&](MicroBatch& part) -> StepOutput { return step(part.rows(batch)); });
          else
            return step(batch);
        },
        validate);
  }

  // From inside a step, for its batch of so many rows: once for each micro-batch that is this rank's. What comes back
  // is the step's; with one micro-batch it is that one's, on the tape.
  StepOutput micro_batches(int64_t rows, const MicroBatches::Step& of_rows);

  // From inside a step or a validation: text for whoever watches; the end after this step.
  void sample(std::string_view text) { emit({.kind = Event::Kind::sample, .text = text}); }
  void picture(std::string_view file) { emit({.kind = Event::Kind::picture, .text = file}); }
  void stop() { stopped_ = true; }

  Module& kept() const { return *kept_; }       // the model, or its average
  int64_t step() const { return place_.step; }  // made so far
  int64_t best_step() const { return place_.best_step; }
  double seconds() const { return seconds_; }  // of training, over all sittings

 private:
  struct Place {
    int64_t step = 0, best_step = 0, in_a_row = 0;
    double best = std::numeric_limits<double>::infinity();
  };
  static int64_t rows_of(const Tensor& batch) { return batch.dim() > 0 ? batch.size(0) : 1; }
  static int64_t rows_of(const auto& batch) { return batch.size(); }
  void begin();
  bool load_checkpoint();
  void join();
  void make_step(const Step& step);
  void compare_weights() const;
  bool writes() const { return folder_ && folder_->writes(); }
  void report(const StepOutput& output, double loss);
  void validated(double score);
  void save();
  Ended finish();
  bool finished();
  void emit(Event event);

  Module& model_;
  Module* kept_;  // the model, or its average
  TrainerOptions options_;
  Update update_;
  TrainingState state_;
  Events events_;
  Ranks* ranks_ = &one_rank();
  std::optional<MicroBatches> micro_batches_{};     // where there are several
  std::optional<SharedWeights>* shared_ = nullptr;  // around the step that is made
  bool in_parts_ = false;                           // this step called micro_batches
  std::optional<RunFolder> folder_{};
  std::optional<MetricsFile> metrics_{};
  Place place_{};
  std::vector<std::string> names_;
  std::vector<double> figures_, sums_;    // of this step; of the steps since the last row
  NamedTensors best_weights_{};           // where there is no folder
  bool stopped_ = false, asked_ = false;  // by the program; by Ctrl-C
  double seconds_ = 0, seconds_before_ = 0, began_ = 0, saved_ = 0;
};

}  // namespace fovea
