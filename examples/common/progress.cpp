#include "examples/common/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace fovea::examples {
namespace {

constexpr double terminal_interval = 0.1;
constexpr double plain_interval = 10;
constexpr double rate_window = 5;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Progress::Progress(Options options) : options_(std::move(options)) {
  if (!options_.seconds) options_.seconds = steady_seconds;
  start_ = window_start_ = options_.seconds();
  window_step_ = static_cast<double>(options_.first);
  last_step_ = options_.first;
}

Progress::~Progress() { finish(); }

double Progress::seconds() const { return options_.seconds() - start_; }

void Progress::step(int64_t step, double loss, double extra, int64_t batch) {
  if (options_.quiet) return;
  sequences_ += static_cast<double>((step - last_step_) * batch);
  last_step_ = step;
  const double now = options_.seconds();
  const double interval = options_.style.rewrites ? terminal_interval : plain_interval;
  if (written_ && step < options_.total && now - last_write_ < interval) return;
  const double since = now - window_start_;
  if (since > 0) {
    rate_ = (static_cast<double>(step) - window_step_) / since;
    sequence_rate_ = (sequences_ - window_sequences_) / since;
  }
  const std::string text = line(step, loss, extra);
  if (since > rate_window) {
    window_start_ = now - since / 2;  // forget half: the rates move on without a jump
    window_step_ = static_cast<double>(step) - rate_ * since / 2;
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

std::string Progress::line(int64_t step, double loss, double extra) const {
  std::string text = fmt::format("{}{}{}/{}  loss {:.4g}", options_.name, options_.name.empty() ? "" : "  ", step,
                                 options_.total, loss);
  if (!options_.extra_name.empty()) text += fmt::format("  {} {:.4g}", options_.extra_name, extra);
  if (rate_ > 0) {
    const double left = static_cast<double>(options_.total - step) / rate_;
    text += fmt::format("  {:.{}f} {}/s", sequence_rate_, sequence_rate_ < 10 ? 1 : 0, options_.unit);
    if (step < options_.total) text += "  " + duration_text(left) + " left";
  }
  if (step >= options_.total) text += "  done in " + duration_text(seconds());
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

}  // namespace fovea::examples
