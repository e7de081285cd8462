// The progress of a training run, on stderr: one line that is written over on a terminal, a line now and then
// elsewhere.
//
//   copy  step 1200/10000  loss 0.0123 nats  wrong bits 0.4  512 sequences/s  at most 1 min 12 s left
//
// The rate is that of the last quarter of the run, so the time left follows a machine that slows down and a task that
// grows; after a resume it counts only the steps made since. "At most" where the run may end before its last step; then
// a last line says why it did. A figure whose name ends in % has that behind its number. Where there is no room for all
// (terminal.h), the rate goes first, then figures and the name; step and time left stay. Samples, and validations that
// are the best so far, stand on lines of their own above it. Used from one thread. Errors: none.
#pragma once

#include <fovea/optim/training/events.h>
#include <fovea/optim/training/terminal.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace fovea {

struct ProgressOptions {
  std::string name{};  // at the start of the line
  std::string unit = "sequences";
  std::string loss_unit{};                              // behind the figures whose names begin with "loss"
  size_t figures = std::numeric_limits<size_t>::max();  // of a step that are shown at most, the loss among them
  bool quiet = false;                                   // nothing at all
  std::FILE* stream = stderr;
  std::optional<TerminalStyle> style{};  // default: that of the stream, asked anew for each line
  std::function<double()> seconds{};     // a clock; default: the steady clock
};

class Progress {
 public:
  explicit Progress(ProgressOptions options = {});
  // Subscribed at once; has to outlive the run.
  Progress(Events& events, ProgressOptions options) : Progress(std::move(options)) {
    events.subscribe("the progress line", std::ref(*this));
  }
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Writes only when it is time to: ten times a second on a terminal, every ten seconds in plain lines, and always for
  // the first and the last step.
  void operator()(const Event& event);

 private:
  void start(const Event& event);
  void step(const Event& event);
  std::string line(const Event& event) const;
  void end(const Event& event);
  void note(std::string_view line);
  void clear();
  void finish();  // ends the progress line
  TerminalStyle style() const { return options_.style ? *options_.style : terminal_style(options_.stream); }

  ProgressOptions options_;
  double start_ = 0;
  double last_write_ = 0;
  double rate_ = 0, sequence_rate_ = 0;  // steps, sequences a second
  double window_start_ = 0;              // the rates are measured from here
  double window_step_ = 0, window_sequences_ = 0;
  double sequences_ = 0;  // since the start
  bool written_ = false;  // anything yet
  bool open_ = false;     // a line on the terminal waits to be written over
};

// "45 s", "1 min 12 s", "2 h 5 min", "3 d 4 h".
std::string duration_text(double seconds);

}  // namespace fovea
