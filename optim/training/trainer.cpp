#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/optim/training/interrupt.h>
#include <fovea/optim/training/text_file.h>
#include <fovea/optim/training/trainer.h>

#include <chrono>
#include <cmath>
#include <fstream>

namespace fovea {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

constexpr const char* kCheckpoint = "last.safetensors";
constexpr const char* kBest = "best.safetensors";
constexpr const char* kSeconds = "seconds.txt";

}  // namespace

Trainer::Trainer(Module& model, Optimizer& optimizer, TrainerOptions options)
    : model_(model), kept_(&model), options_(std::move(options)), update_(optimizer, options_.clip) {
  if (options_.log_every < 1 || options_.validate_every < 1)
    throw ValueError(fmt::format("Trainer: log_every is {} and validate_every {}; need at least 1", options_.log_every,
                                 options_.validate_every));
  if (options_.steps < 0 || options_.early_stop < 0 || !(options_.clip > 0))
    throw ValueError(fmt::format("Trainer: steps {}, early_stop {}, clip {}; need 0 and above, and a clip above 0",
                                 options_.steps, options_.early_stop, options_.clip));
  names_ = options_.figures;
  names_.insert(names_.begin(), "loss");
  figures_.resize(names_.size());
  sums_.resize(names_.size());
  state_("model", model)("optimizer", optimizer)("step", place_.step)("best_step", place_.best_step)(
      "in_a_row", place_.in_a_row)("best", place_.best);
  for (size_t i = 0; i < sums_.size(); ++i) state_(fmt::format("sum{}", i), sums_[i]);
}

Trainer& Trainer::schedule(Schedule& schedule) {
  state_("schedule", schedule);
  update_.schedule(schedule);
  return *this;
}

Trainer& Trainer::average(Module& averaged, WeightAverage& average) {
  state_("averaged", averaged)("average", average);
  update_.average(average);
  kept_ = &averaged;
  return *this;
}

Trainer::Ended Trainer::run(const Step& step, const Validate& validate) {
  begin();
  std::optional<InterruptGuard> guard;
  if (options_.stop_on_interrupt) guard.emplace();
  try {
    while (!finished()) {
      make_step(step);
      if (validate && place_.step % options_.validate_every == 0) {
        const EvalMode quiet(*kept_);
        validated(validate());
        compare_weights();
      }
      const double time = now();
      seconds_ = seconds_before_ + time - began_;
      if (writes() && time - saved_ > options_.save_every) save();
    }
    return finish();
  } catch (const std::exception& error) {
    emit({.kind = Event::Kind::end, .text = error.what()});
    throw;
  }
}

// The ranks agree on what a step consists of.
void Trainer::join() {
  const int64_t count = options_.micro_batches > 0 ? options_.micro_batches : ranks_->count();
  if (count > 1 || ranks_->count() > 1) {
    if (update_.reduces()) throw ValueError("Trainer: micro-batches have a reduce of their own; leave out reduce()");
    micro_batches_.emplace(update_.parameters(), count, *ranks_, names_.size() - 1);
  }
  require_same(*ranks_, static_cast<uint64_t>(count), "micro-batches");
}

void Trainer::compare_weights() const {
  if (ranks_->count() == 1) return;
  uint64_t number = 0;
  for (const auto& [name, tensor] : fovea::state(model_)) {
    const Tensor weights = array::contiguous(tensor);
    const auto bytes = static_cast<size_t>(weights.numel() * item_size(weights.dtype()));
    number = 31 * number + std::hash<std::string_view>()({static_cast<const char*>(weights.raw()), bytes});
  }
  require_same(*ranks_, number, "weights");
}

void Trainer::begin() {
  join();
  const bool there = folder_ && folder_->resumed() && folder_->writes() && load_checkpoint();
  const bool loaded = on_any(*ranks_, there ? 1 : 0) != 0;
  if (loaded && !there && !(folder_ && load_checkpoint()))
    throw FileError("a rank does not see the checkpoint that the first one goes on from; all need the same folder");
  require_same(*ranks_, static_cast<uint64_t>(place_.step), "steps behind it");
  compare_weights();
  if (writes()) {
    metrics_.emplace(folder_->file("metrics.csv"), names_, folder_->resumed() ? place_.step : -1);
    events_.subscribe("metrics.csv", std::ref(*metrics_));
  }
  if (writes() && place_.step <= options_.steps) folder_->renew_config();
  emit({.kind = Event::Kind::start});
  if (writes() && !loaded) save();
  seconds_before_ = seconds_;
  began_ = saved_ = now();
}

// A run that was killed before its first checkpoint has neither that nor a best model: it begins again.
bool Trainer::load_checkpoint() {
  if (!std::filesystem::exists(folder_->file(kCheckpoint)) && !std::filesystem::exists(folder_->file(kBest))) {
    std::fprintf(stderr, "%s holds no %s yet: the run begins at step 0\n", folder_->path().c_str(), kCheckpoint);
    return false;
  }
  state_.load(folder_->file(kCheckpoint).string());
  std::ifstream(folder_->file(kSeconds)) >> seconds_;
  return true;
}

// Whoever was asked to stop, all do.
bool Trainer::finished() {
  const bool signalled = options_.stop_on_interrupt && interrupted();
  const uint64_t any = on_any(*ranks_, (signalled ? 1U : 0U) + (stopped_ ? 2U : 0U));
  asked_ = (any & 1) != 0;
  stopped_ = (any & 2) != 0;
  return place_.step >= options_.steps || stopped_ || asked_ ||
         (options_.early_stop > 0 && place_.in_a_row >= options_.early_stop);
}

StepOutput Trainer::micro_batches(int64_t rows, const MicroBatches::Step& of_rows) {
  in_parts_ = true;
  if (!micro_batches_) {
    MicroBatch whole(0, rows);
    return of_rows(whole);
  }
  if (shared_ != nullptr) shared_->reset();  // each micro-batch has its own
  return micro_batches_->run(place_.step, rows, of_rows);
}

void Trainer::make_step(const Step& step) {
  try {
    update_.zero();
    in_parts_ = false;
    const StepOutput output = [&] {
      std::optional<SharedWeights> shared(std::in_place);
      shared_ = &shared;
      return step();
    }();
    shared_ = nullptr;
    if (micro_batches_ && !in_parts_)
      throw ValueError("Trainer: the step knows no micro-batches; let it go through Trainer::micro_batches");
    if (output.figures.size() + 1 != names_.size())
      throw ValueError(fmt::format("Trainer: a step gave {} figures; need {}, one for each name in options.figures",
                                   output.figures.size(), names_.size() - 1));
    const double loss = output.shown.value_or(output.loss.item());
    if (micro_batches_)
      update_.apply_gradients();
    else
      update_.apply(output.loss);
    ++place_.step;
    report(output, loss);
  } catch (const NonFiniteError& error) {
    throw NonFiniteError(fmt::format("step {}: {}", place_.step + 1, error.what()));
  }
}

void Trainer::report(const StepOutput& output, double loss) {
  figures_.assign(1, loss);
  figures_.insert(figures_.end(), output.figures.begin(), output.figures.end());
  for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += figures_[i];
  std::vector<double> means;
  if (place_.step % options_.log_every == 0) {
    for (double& sum : sums_) means.push_back(std::exchange(sum, 0) / static_cast<double>(options_.log_every));
  }
  emit({.kind = Event::Kind::step, .figures = figures_, .means = means, .batch = std::max<int64_t>(1, output.batch)});
}

void Trainer::validated(double score) {
  place_.in_a_row = score <= options_.good_score ? place_.in_a_row + 1 : 0;
  const bool best = score < place_.best;
  if (best) {
    place_.best = score;
    place_.best_step = place_.step;
    if (writes()) fovea::save(*kept_, folder_->file(kBest).string());
    if (!writes()) {
      best_weights_.clear();
      for (const auto& [name, tensor] : fovea::state(*kept_)) best_weights_.emplace_back(name, array::clone(tensor));
    }
  }
  emit({.kind = Event::Kind::validation, .figures = {&score, 1}, .best = best});
}

void Trainer::save() {
  emit({.kind = Event::Kind::saving});
  const std::string file = folder_->file(kCheckpoint).string();
  state_.save(file);
  write_text(folder_->file(kSeconds), fmt::format("{:.3f}\n", seconds_));
  emit({.kind = Event::Kind::saved, .text = file});
  saved_ = now();
}

Trainer::Ended Trainer::finish() {
  if (writes()) save();
  const Ended ended = asked_ ? Ended::interrupted : place_.step < options_.steps ? Ended::early_stop : Ended::steps;
  const bool before = best_weights_.empty() && place_.best_step > 0;  // the best is of an earlier sitting
  if (!asked_ && folder_ && (writes() || before)) {
    const std::string best = folder_->file(kBest).string();
    if (place_.best_step > 0)
      load(*kept_, best);
    else
      fovea::save(*kept_, best);
  } else if (!asked_ && !best_weights_.empty()) {
    load_state(*kept_, best_weights_);
  }
  const std::string why = ended == Ended::interrupted ? "interrupted"
                          : ended == Ended::steps     ? "all steps made"
                          : stopped_                  ? "a step or a validation asked for it"
                                     : fmt::format("{} validations in a row had a score of at most {:g}",
                                                   options_.early_stop, options_.good_score);
  emit({.kind = Event::Kind::end, .ended_early = ended == Ended::early_stop, .text = why});
  folder_.reset();  // another run may go on there
  return ended;
}

void Trainer::emit(Event event) {
  event.step = place_.step;
  event.steps = options_.steps;
  event.seconds = seconds_;
  event.may_end_early = options_.early_stop > 0;
  event.names = names_;
  events_.emit(event);
}

}  // namespace fovea
