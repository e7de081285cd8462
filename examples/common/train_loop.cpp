#include "examples/common/train_loop.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <fstream>

#include "examples/common/interrupt.h"
#include "examples/common/progress.h"
#include "examples/common/terminal.h"
#include "examples/common/text_file.h"

namespace fovea::examples {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr const char* kCheckpoint = "last.safetensors";
constexpr const char* kBest = "best.safetensors";
constexpr const char* kSeconds = "seconds.txt";

}  // namespace

TrainLoop::TrainLoop(const CommandLine& line, const RunOptions& run, TrainLoopOptions options)
    : line_(line),
      run_(run),
      options_(std::move(options)),
      folder_(line.resumed() ? RunFolder::resume(line.folder())
                             : RunFolder::create(line.folder(), line.config_toml())) {
  state_("step", step_)("best_step", best_step_)("in_a_row", in_a_row_)("best", best_)("loss_sum", loss_sum_)(
      "extra_sum", extra_sum_);
  state_.notes["example"] = line.name();
  state_.notes["task"] = run.task;
}

// The time spent stands in a file of its own: a checkpoint holds nothing that differs from run to run.
void TrainLoop::save() {
  state_.save(folder_.file(kCheckpoint).string());
  write_text(folder_.file(kSeconds), fmt::format("{:.3f}\n", seconds_));
}

void TrainLoop::validate(double score, const Module& model, Progress& progress) {
  in_a_row_ = score <= options_.good_score ? in_a_row_ + 1 : 0;
  if (!(score < best_)) return;
  best_ = score;
  best_step_ = step_;
  fovea::save(model, folder_.file(kBest).string());
  if (!run_.quiet) progress.note(fmt::format("step {}: validation {:.5g}, the best so far", step_, score));
}

void TrainLoop::note(std::string_view line) {
  if (progress_ != nullptr && !run_.quiet) progress_->note(line);
}

// A run that was killed before its first checkpoint has neither that nor a best model: it begins again.
bool TrainLoop::load_checkpoint() {
  if (!line_.resumed()) return false;
  if (!std::filesystem::exists(folder_.file(kCheckpoint)) && !std::filesystem::exists(folder_.file(kBest))) {
    fmt::print(stderr, "{} holds no {} yet: the run begins at step 0\n", folder_.path().string(), kCheckpoint);
    return false;
  }
  state_.load(folder_.file(kCheckpoint).string());
  std::ifstream(folder_.file(kSeconds)) >> seconds_;
  return true;
}

bool TrainLoop::run(Module& model, const std::function<StepReport()>& step, const std::function<double()>& validation) {
  const bool loaded = load_checkpoint();
  if (line_.resumed() && step_ <= run_.steps) folder_.write_config(line_.config_toml());
  MetricsFile metrics(folder_.file("metrics.csv"), {"loss", options_.extra_name}, line_.resumed() ? step_ : -1);
  Progress progress({.name = line_.name(),
                     .total = run_.steps,
                     .first = step_,
                     .extra_name = options_.extra_name,
                     .unit = options_.unit,
                     .quiet = run_.quiet,
                     .style = terminal_style(stderr)});
  progress_ = &progress;
  const InterruptGuard guard;
  if (!loaded) save();
  const double before = seconds_, start = now();
  double saved = start;
  const auto enough = [&] { return options_.enough > 0 && in_a_row_ >= options_.enough; };
  while (step_ < run_.steps && !enough() && !interrupted()) {
    const StepReport report = step();
    ++step_;
    if (!std::isfinite(report.loss))
      throw AutogradError(fmt::format(
          "the loss of step {} is {}; run the step under AnomalyMode to see which op made it", step_, report.loss));
    loss_sum_ += report.loss;
    extra_sum_ += report.extra;
    if (step_ % options_.log_every == 0) {
      const double n = static_cast<double>(options_.log_every);
      const std::array<double, 2> row{loss_sum_ / n, extra_sum_ / n};
      metrics.append(step_, row);
      loss_sum_ = extra_sum_ = 0;
    }
    if (step_ % options_.validate_every == 0) validate(validation(), model, progress);
    progress.step(step_, report.loss, report.extra, report.batch > 0 ? report.batch : run_.batch);
    const double time = now();
    seconds_ = before + time - start;
    if (time - saved > run_.save_every) {
      metrics.sync();
      save();
      saved = time;
    }
  }
  progress_ = nullptr;
  progress.finish();
  metrics.sync();
  save();
  if (!interrupted()) {
    const std::string best = folder_.file(kBest).string();
    if (best_step_ > 0)
      load(model, best);
    else
      fovea::save(model, best);
    return true;
  }
  fmt::print(stderr, "{}\n", resume_hint(line_.command(), folder_.path(), step_));
  return false;
}

}  // namespace fovea::examples
