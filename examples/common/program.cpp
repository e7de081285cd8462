#include "examples/common/program.h"

#include <fmt/format.h>
#include <fovea/core/parallel.h>
#include <fovea/optim/training/interrupt.h>
#include <fovea/optim/training/text/utf8.h>
#include <fovea/version.h>

#include <iostream>

#include "examples/common/live.h"
#include "examples/common/look.h"
#include "examples/common/report.h"

namespace fovea::examples {

namespace {

// What somebody typed: spaces of every kind are blanks, and a byte order mark or the end of a line is nothing.
std::string typed(std::string_view text, std::string_view where) {
  if (const auto at = text::invalid_utf8(text))
    throw ValueError(fmt::format("{}: byte {} is not UTF-8; convert the text, for example with iconv", where, *at + 1));
  return text::with_plain_spaces(text);
}

}  // namespace

Program::Program(const CommandLine& command_line, ProgramOptions options)
    : line(command_line),
      root(command_line.seed),
      initial(root.fork(1)),
      data(root.fork(2)),
      ranks(program_ranks()),
      options_(std::move(options)) {}

void Program::train_with(Module& model, std::unique_ptr<Optimizer> optimizer) {
  optimizer_ =
      optimizer ? std::move(optimizer) : make_optimizer(line.optimizer, fovea::parameters(model), line.learning_rate);
  folder_ = !line.look.text.empty() ? RunFolder::create(look_folder(line.run), line.config_toml())
            : !ranks.first()        ? RunFolder::open(line.folder(), ranks)
            : line.resumed()        ? RunFolder::resume(line.folder(), line.config_toml())
                                    : RunFolder::create(line.folder(), line.config_toml());
  std::vector<std::string> figures{options_.figure};
  figures.insert(figures.end(), options_.further.begin(), options_.further.end());
  trainer_.emplace(model, *optimizer_,
                   TrainerOptions{.steps = line.steps,
                                  .clip = line.clip,
                                  .figures = figures,
                                  .validate_every = line.validate_every,
                                  .early_stop = line.early_stop,
                                  .good_score = options_.good_score,
                                  .save_every = line.save_every,
                                  .micro_batches = line.micro_batches});
  trainer_->ranks(ranks).folder(*folder_).state()("data", data).notes = {{"example", line.name()}, {"task", line.task}};
  name_paths(model);
  model_ = &model;
  parameters_ = parameter_count(model);
  if (!ranks.first()) return;
  say(stderr, "{}", header_line(line, blas_core_name(), parameters_));
  if (const std::string note = line.recipe_note(); !note.empty()) say(stderr, "{}: {}", line.name(), note);
}

WeightAverage& Program::average_into(Module& averaged, double decay) {
  name_paths(averaged);
  average_.emplace(*model_, averaged, decay).restart();
  trainer_->average(averaged, *average_);
  return *average_;
}

// What a rank does that is not the first: nothing is seen of it.
int Program::run_along() {
  const auto ended = trainer_->run([this] { return step(); }, [this] { return validate(); });
  return ended == Trainer::Ended::interrupted ? 130 : 0;
}

int Program::run() {
  if (!ranks.first()) return run_along();
  const size_t comma = options_.loss.rfind(", ");
  Progress progress(trainer_->events(), {.name = line.name(),
                                         .unit = options_.unit,
                                         .loss_unit = comma == std::string::npos ? "" : options_.loss.substr(comma + 2),
                                         .figures = 2,
                                         .quiet = line.quiet});
  std::optional<Recorder> recorder{};
  if (line.record) recorder.emplace(*trainer_, *folder_, [this](Recorder& samples) { record(samples); });
  keep_titles(folder_->path(), {.command = line.command(),
                                .header = header_line(line, blas_core_name(), parameters_),
                                .loss = options_.loss.empty() ? "loss" : options_.loss,
                                .log_loss = options_.log_loss,
                                .smoothing = options_.smoothing});
  std::optional<LivePage> live{};
  if (line.watch) {
    try {
      live.emplace(*trainer_, folder_->path(), line.watch_address, static_cast<int>(line.watch_port));
    } catch (const FileError&) {
      if (!line.resumed()) std::filesystem::remove_all(folder_->path());  // what is refused leaves no folder
      throw;
    }
    say(stderr, "{}: watch it at {}", line.name(), live->address());
  }
  const auto step_of_batch = [this] {
    StepOutput output = step();
    if (output.batch == 0) output.batch = line.batch;
    return output;
  };
  // Ctrl-C: what was learned is drawn too, unless there is another.
  std::optional<InterruptGuard> guard(std::in_place);
  const bool stopped = trainer_->run(step_of_batch, [this] { return validate(); }) == Trainer::Ended::interrupted;
  const EvalMode quiet(trainer_->kept());
  if (stopped) {
    fmt::print(stderr, "{}\n", resume_hint(line.command(), folder_->path(), trainer_->step()));
  } else {
    guard.reset();
    Summary summary{line.name(),      line.task,           line.seed,   num_threads(),
                    trainer_->step(), trainer_->seconds(), parameters_, test()};
    summary.metrics.emplace_back("best_step", static_cast<double>(trainer_->best_step()));
    folder_->write_summary(summary);
  }
  picture("loss.png", LineChart{.title = fmt::format("{}: loss", line.task.empty() ? line.name() : line.task),
                                .x_title = "step",
                                .y_title = options_.loss,
                                .series = losses(read_metrics(file("metrics.csv"))),
                                .log_y = options_.log_loss,
                                .smoothing = options_.smoothing});
  draw();
  write_report(file("report.html"), {folder_->path()});
  if (stopped) return 130;
  say("report.html, pictures, metrics.csv and summary.json are in {}", folder_->path().string());
  return 0;
}

void Program::look(Recorder&, const std::string&) {
  throw UsageError(fmt::format("--look: {} takes nothing that is typed", line.name()));
}

int Program::run_look() {
  Module& model = trainer_->kept();
  const std::filesystem::path folder = folder_->path();
  try {
    load(model, (std::filesystem::path(line.run) / "best.safetensors").string());
    look_at(line, model, folder, [this](Recorder& recorder) { look(recorder, typed(line.look.text, "--look")); });
  } catch (...) {
    std::filesystem::remove_all(folder);  // what is refused leaves no folder
    throw;
  }
  return 0;
}

std::vector<Series> Program::losses(const MetricsTable& metrics) const {
  return {{"loss", metrics.column("step"), metrics.column("loss")}};
}

std::string header_line(const CommandLine& line, std::string_view blas, int64_t parameters) {
  std::string digits = std::to_string(parameters);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  const std::string task = line.task.empty() ? "" : fmt::format("task {}, ", line.task);
  return fmt::format("{}: {}seed {}, threads {}, BLAS {}, parameters {}, fovea {}", line.name(), task, line.seed,
                     line.threads, blas, digits, library_version());
}

int serve(const CommandLine& line, const Answer& answer) {
  const auto print = [](const std::string& text) {
    fmt::print("{}\n", text);
    std::fflush(stdout);
  };
  if (line.served != "-") return print(answer(typed(line.served, line.served_flag()), line.served_flag())), 0;
  bool all = true;
  std::string bytes;
  for (int64_t i = 1; std::getline(std::cin, bytes); ++i) {
    const std::string where = fmt::format("stdin:{}", i);
    try {
      const std::string text = typed(bytes, where);
      print(text.empty() ? "" : answer(text, where));
    } catch (const ValueError& error) {
      fmt::print(stderr, "{}\n", error.what());
      print("");
      all = false;
    }
  }
  return all ? 0 : 1;
}

}  // namespace fovea::examples
