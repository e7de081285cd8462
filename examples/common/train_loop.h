// The loop that every example trains with: steps, progress, metrics.csv, validation, checkpoints, Ctrl-C and resume.
//
//   TrainLoop loop(line, run, {.extra_name = "bit errors"});
//   loop.state()("model", model)("optimizer", *optimizer)("data", data_generator);
//   loop.run(model, [&] { ...; return StepReport{loss, errors}; }, [&] { return score; });
//
// Every number that the run depends on goes through the state, so that a resumed run is bitwise the uninterrupted one,
// its metrics.csv too. Errors: AutogradError when the loss is not finite, naming the step; FileError when a file cannot
// be written.
#pragma once

#include <fovea/optim/training_state.h>

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "examples/common/command_line.h"
#include "examples/common/run_folder.h"

namespace fovea::examples {

struct StepReport {
  double loss = 0;
  double extra = 0;   // a further figure of the batch, named by extra_name
  int64_t batch = 0;  // sequences of this step; 0: --batch
};

struct TrainLoopOptions {
  std::string extra_name = "extra";
  std::string unit = "sequences";
  int64_t log_every = 20;        // steps a row of metrics.csv, which holds their means
  int64_t validate_every = 500;  // steps
  int64_t enough = 0;            // stop after this many validations in a row with a good score; 0: never
  double good_score = 0;         // at most this
};

class TrainLoop {
 public:
  TrainLoop(const CommandLine& line, const RunOptions& run, TrainLoopOptions options);

  // What a checkpoint holds, to be filled before run().
  TrainingState& state() { return state_; }
  RunFolder& folder() { return folder_; }

  // Trains until run.steps or until it is enough. Afterwards `model` is the best by validation (a score, lower is
  // better), which best.safetensors keeps. False after Ctrl-C: the state is saved and the way to go on is printed.
  bool run(Module& model, const std::function<StepReport()>& step, const std::function<double()>& validate);

  // A line above the progress, such as a sample from the model; nothing when quiet.
  void note(std::string_view line);

  int64_t step() const { return step_; }
  double seconds() const { return seconds_; }  // of training, over all sittings
  int64_t best_step() const { return best_step_; }

 private:
  bool load_checkpoint();  // false where there is none yet
  void save();
  void validate(double score, const Module& model, class Progress& progress);

  const CommandLine& line_;
  RunOptions run_;
  TrainLoopOptions options_;
  RunFolder folder_;
  TrainingState state_;
  class Progress* progress_ = nullptr;  // while run() runs
  int64_t step_ = 0, best_step_ = 0, in_a_row_ = 0;
  double seconds_ = 0, best_ = std::numeric_limits<double>::infinity();
  double loss_sum_ = 0, extra_sum_ = 0;  // of the steps since the last row
};

// How a program ends: trains its run and reports on it. The exit code; after Ctrl-C 130, without a report.
template <class Run>
int train_and_report(Run&& run, const std::string& program) {
  if (!run.train()) return 130;
  run.report(program);
  return 0;
}

}  // namespace fovea::examples
