#include <fmt/format.h>
#include <fovea/optim/training/progress.h>
#include <fovea/optim/training/text/utf8.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace fovea {
namespace {

constexpr double terminal_interval = 0.1;
constexpr double plain_interval = 10;
constexpr double least_window = 5;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Part {
  int rank;  // the least goes in first
  std::string text;
  bool shown = false;
};

// In their order, with two blanks between them, those that there is room for.
std::string joined(std::vector<Part>& parts, size_t room) {
  for (int rank = 0; rank <= 5; ++rank)
    for (Part& part : parts) {
      const size_t width = text::columns_of(part.text) + (rank == 0 ? 0 : 2);
      if (part.rank != rank || part.text.empty() || width > room) continue;
      part.shown = true;
      room -= width;
    }
  std::string text;
  for (const Part& part : parts)
    if (part.shown) text += (text.empty() ? "" : "  ") + part.text;
  return text;
}

// "1 min 12 s" as an upper bound: rounded up, to whole minutes where there are ten.
std::string most_text(double seconds) {
  return duration_text(seconds < 600 ? std::ceil(seconds) : 60 * std::ceil(seconds / 60));
}

}  // namespace

Progress::Progress(ProgressOptions options) : options_(std::move(options)) {
  if (!options_.seconds) options_.seconds = steady_seconds;
}

Progress::~Progress() { finish(); }

void Progress::operator()(const Event& event) {
  if (options_.quiet) return;
  switch (event.kind) {
    case Event::Kind::start:
      return start(event);
    case Event::Kind::step:
      return step(event);
    case Event::Kind::validation:
      if (event.best)
        note(fmt::format("step {}: validation {:.5g}, the best so far", event.step, event.figures.front()));
      return;
    case Event::Kind::sample:
      return note(event.text);
    case Event::Kind::end:
      return end(event);
    default:
      return;
  }
}

void Progress::start(const Event& event) {
  start_ = window_start_ = options_.seconds();
  window_step_ = static_cast<double>(event.step);
}

void Progress::step(const Event& event) {
  sequences_ += static_cast<double>(event.batch);
  const double now = options_.seconds();
  const bool rewrites = style().rewrites;
  const double interval = rewrites ? terminal_interval : plain_interval;
  if (written_ && event.step < event.steps && now - last_write_ < interval) return;
  const double since = now - window_start_;
  if (since > 0) {
    rate_ = (static_cast<double>(event.step) - window_step_) / since;
    sequence_rate_ = (sequences_ - window_sequences_) / since;
  }
  const std::string text = line(event);
  if (since > std::max(least_window, (now - start_) / 4)) {
    window_start_ = now - since / 2;  // forget half: the rates move on without a jump
    window_step_ = static_cast<double>(event.step) - rate_ * since / 2;
    window_sequences_ = sequences_ - sequence_rate_ * since / 2;
  }
  clear();
  std::fputs(text.c_str(), options_.stream);
  if (!rewrites) std::fputc('\n', options_.stream);
  std::fflush(options_.stream);
  open_ = rewrites;
  written_ = true;
  last_write_ = now;
}

std::string Progress::line(const Event& event) const {
  const std::string count = fmt::format("{}/{}", event.step, event.steps);
  std::vector<Part> parts{{3, options_.name}, {0, "step " + count}};
  for (size_t i = 0; i < std::min(event.figures.size(), options_.figures); ++i) {
    std::string_view name = event.names[i], unit;
    if (i == 0 || name.starts_with("loss")) unit = options_.loss_unit;
    if (name.ends_with(" %")) unit = "%", name.remove_suffix(2);
    parts.push_back(
        {i == 0 ? 2 : 4, fmt::format("{} {:.4g}{}{}", name, event.figures[i], unit.empty() ? "" : " ", unit)});
  }
  if (rate_ > 0) {
    const double left = static_cast<double>(event.steps - event.step) / rate_;
    parts.push_back({5, fmt::format("{:.{}f} {}/s", sequence_rate_, sequence_rate_ < 10 ? 1 : 0, options_.unit)});
    if (event.step < event.steps)
      parts.push_back(
          {1, event.may_end_early ? fmt::format("at most {} left", most_text(left)) : duration_text(left) + " left"});
  }
  if (event.step >= event.steps) parts.push_back({1, "done in " + duration_text(options_.seconds() - start_)});

  const TerminalStyle style = this->style();
  size_t room = style.bounded ? static_cast<size_t>(style.width - 1) : std::string::npos;
  if (parts[1].text.size() + 2 + (parts.back().rank == 1 ? parts.back().text.size() : 0) > room) parts[1].text = count;
  return joined(parts, room);
}

void Progress::end(const Event& event) {
  finish();
  if (event.ended_early)
    note(fmt::format("ended after {} at step {} of {}: {}", duration_text(options_.seconds() - start_), event.step,
                     event.steps, event.text));
}

void Progress::clear() {
  if (open_) std::fputs("\r\x1b[K", options_.stream);
  open_ = false;
}

void Progress::note(std::string_view line) {
  clear();
  std::fputs((fitted(line, style()) + '\n').c_str(), options_.stream);
  std::fflush(options_.stream);
}

void Progress::finish() {
  if (open_) std::fputc('\n', options_.stream);
  std::fflush(options_.stream);
  open_ = false;
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

}  // namespace fovea
