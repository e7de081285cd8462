#include <fmt/format.h>
#include <fovea/optim/training/progress.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace fovea {
namespace {

constexpr double terminal_interval = 0.1;
constexpr double plain_interval = 10;
constexpr double rate_window = 5;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

TerminalStyle terminal_style(std::FILE* stream) {
  TerminalStyle style;
  const std::string_view term = environment("TERM");
  if (::isatty(::fileno(stream)) == 0 || term == "dumb") return style;
  style.rewrites = true;
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
    style.height = size.ws_row;
  }
  if (!environment("NO_COLOR").empty()) return style;
  const std::string_view colours = environment("COLORTERM");
  const bool full = colours == "truecolor" || colours == "24bit";
  style.colour = full ? TerminalColour::true_colour : TerminalColour::palette_256;
  return style;
}

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
      return finish();
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
  const double interval = options_.style.rewrites ? terminal_interval : plain_interval;
  if (written_ && event.step < event.steps && now - last_write_ < interval) return;
  const double since = now - window_start_;
  if (since > 0) {
    rate_ = (static_cast<double>(event.step) - window_step_) / since;
    sequence_rate_ = (sequences_ - window_sequences_) / since;
  }
  const std::string text = line(event);
  if (since > rate_window) {
    window_start_ = now - since / 2;  // forget half: the rates move on without a jump
    window_step_ = static_cast<double>(event.step) - rate_ * since / 2;
    window_sequences_ = sequences_ - sequence_rate_ * since / 2;
  }
  clear();
  std::fputs(text.c_str(), options_.stream);
  if (!options_.style.rewrites) std::fputc('\n', options_.stream);
  std::fflush(options_.stream);
  open_ = options_.style.rewrites;
  written_ = true;
  last_write_ = now;
}

std::string Progress::line(const Event& event) const {
  std::string text =
      fmt::format("{}{}{}/{}", options_.name, options_.name.empty() ? "" : "  ", event.step, event.steps);
  for (size_t i = 0; i < event.figures.size(); ++i)
    text += fmt::format("  {} {:.4g}", event.names[i], event.figures[i]);
  if (rate_ > 0) {
    const double left = static_cast<double>(event.steps - event.step) / rate_;
    text += fmt::format("  {:.{}f} {}/s", sequence_rate_, sequence_rate_ < 10 ? 1 : 0, options_.unit);
    if (event.step < event.steps) text += "  " + duration_text(left) + " left";
  }
  if (event.step >= event.steps) text += "  done in " + duration_text(options_.seconds() - start_);
  const auto width = static_cast<size_t>(std::max(10, options_.style.width - 1));
  if (options_.style.rewrites && text.size() > width) text.resize(width);
  return text;
}

void Progress::clear() {
  if (open_) std::fputs("\r\x1b[K", options_.stream);
  open_ = false;
}

void Progress::note(std::string_view line) {
  clear();
  std::fprintf(options_.stream, "%.*s\n", static_cast<int>(line.size()), line.data());
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
