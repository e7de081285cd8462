// What every program is: options, a task, a model, measures and pictures. All else stands here once.
//
//   class Adding final : public Program {
//    public:
//     explicit Adding(const Options& o) : Program(o, {.figure = "wrong %", .loss = "squared error"}), o_(o),
//     model_(...) {
//       train_with(model_);                                          // last: what is refused leaves no folder
//       each_step<StepDecay>({.every = o.decay_every});
//     }
//    private:
//     StepOutput step() override { ...; return {loss, {wrong}}; }     // one batch; the trainer does the rest
//     double validate() override { return 100 - right; }              // lower is better; the best weights are kept
//     Metrics test() override { ...; return {{"right_percent", r}}; } // of the best; for summary.json
//     void draw() override { picture("attention.png", HeatmapPicture{...}); }
//   };
//   int main(int argc, char** argv) { return main_of<Options, Adding>(argc, argv); }
//
// validate, test and draw run in EvalMode. The weights' initial values, the data, validation and test draw from
// separate streams of one seed. loss.png, config.toml, metrics.csv, summary.json and the checkpoints come by
// themselves.
#pragma once

#include <fovea/optim/by_name.h>
#include <fovea/optim/training/progress.h>
#include <fovea/optim/training/trainer.h>

#include "examples/common/command_line.h"
#include "examples/common/picture.h"
#include "examples/common/ranks.h"
#include "examples/common/record.h"
#include "examples/common/terminal.h"

namespace fovea::examples {

struct ProgramOptions {
  std::string figure{};                // of a step's batch, besides the loss
  std::vector<std::string> further{};  // figures that a step gives after it, for metrics.csv alone
  std::string unit = "sequences";      // what a batch is counted in
  std::string loss{};                  // "cross-entropy a bit, nats": what it is, in which unit
  bool log_loss = true;
  double smoothing = 0.9;  // of the loss curve
  double good_score = 0;   // of --early-stop, at most
};

class Program {
 public:
  Program(const CommandLine& line, ProgramOptions options);
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  // Trains, tests, draws; returns the exit code. After Ctrl-C that is 130, nothing is tested and the last weights are
  // drawn.
  int run();
  int run_look();  // at what was typed, with the weights of --run

 protected:
  using Figures = Summary::Figures;
  using Metrics = std::vector<std::pair<std::string, Summary::Metric>>;

  virtual StepOutput step() = 0;
  virtual double validate() = 0;
  virtual Metrics test() = 0;
  virtual void draw() = 0;  // there may have been no test
  // What somebody typed, as one sample: --look (look.h).
  virtual void look(Recorder& recorder, const std::string& text);
  virtual void record(Recorder&) {}  // the samples whose attention is kept over the steps (record.h)
  virtual std::vector<Series> losses(const MetricsTable& metrics) const;

  // Without an optimiser of its own: --optimizer.
  void train_with(Module& model, std::unique_ptr<Optimizer> optimizer = {});
  // After it: the moving average of the model's weights, which is validated, kept and tested in the model's place.
  WeightAverage& average_into(Module& averaged, double decay);
  // A schedule that the program steps itself; one that steps after each update.
  template <class S>
  S& schedule(const auto& options) {
    return *static_cast<S*>((schedule_ = std::make_unique<S>(*optimizer_, options)).get());
  }
  template <class S>
  void each_step(const auto& options) {
    trainer_->schedule(schedule<S>(options));
  }

  // Into the run's folder.
  void picture(const std::string& name, const auto& picture) {
    write_picture(file(name), picture);
    trainer_->picture(file(name).string());
  }
  std::filesystem::path file(const std::string& name) const { return folder_->file(name); }
  void keep(const std::string& name, const auto& what) const {
    if (ranks.first()) what.save(file(name));
  }

  // From inside a step (Trainer::micro_batches): `of_part` is asked the output of each part of the batch.
  template <class Batch, class OfPart>
  StepOutput in_parts(const Batch& batch, const OfPart& of_part) {
    return trainer_->micro_batches(batch.size(),
                                   [&](MicroBatch& part) -> StepOutput { return of_part(part.rows(batch), part); });
  }

  Trainer& trainer() { return *trainer_; }
  Optimizer& optimizer() { return *optimizer_; }

  const CommandLine& line;
  const Generator root;
  Generator initial, data;
  Ranks& ranks;  // of which every one runs the program, and the first alone writes

 private:
  int run_along();
  ProgramOptions options_;
  std::unique_ptr<Optimizer> optimizer_{};
  std::unique_ptr<Schedule> schedule_{};
  std::optional<WeightAverage> average_{};
  std::optional<RunFolder> folder_{};
  std::optional<Trainer> trainer_{};
  Module* model_ = nullptr;
  int64_t parameters_ = 0;
};

// "copy: task copy, seed 1, threads 2, BLAS SkylakeX, parameters 17,162, fovea 0.1.0": what one needs to repeat a run.
std::string header_line(const CommandLine& line, std::string_view blas, int64_t parameters);

// `count` in pieces of at most `most`.
template <class Piece>
void in_pieces(int64_t count, int64_t most, const Piece& piece) {
  for (; count > 0; count -= most) piece(std::min(most, count));
}

// A trained model at work: `answer` is asked the text after the flag, or each line of stdin; the text is UTF-8, with
// one blank for spaces of any kind. One line out for each line in: an empty one for a blank line, and for one that
// `answer` refuses with a ValueError, of which stderr tells; then the exit code is 1.
using Answer = std::function<std::string(const std::string& text, const std::string& where)>;
int serve(const CommandLine& line, const Answer& answer);

// The exit code of a program. P::answers(options), if P has it, makes the Answer of --run.
template <class Options, class P>
int main_of(int argc, char** argv) {
  Options options;
  return run_program(options, argc, argv, [&] {
    if constexpr (requires { P::answers(options); }) {
      if (!options.served.empty()) {
        options.parse_as_run(options.run, argc, argv);
        return serve(options, P::answers(options));
      }
    }
    if (!options.look.text.empty()) {
      options.parse_as_run(options.run, argc, argv);
      return P(options).run_look();
    }
    return P(options).run();
  });
}

}  // namespace fovea::examples
