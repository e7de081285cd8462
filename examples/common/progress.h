// The progress of a training run, on stderr: one line that is written over on a terminal, a line now and then
// elsewhere.
//
//   copy  1200/10000  loss 0.0123  bit errors 0.4  512 sequences/s  1 min 12 s left
//
// The rate is that of the last seconds, so the time left follows a machine that slows down; after a resume it counts
// only the steps made since. A line is never wider than the terminal. Used from one thread. Errors: none.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "examples/common/terminal.h"

namespace fovea::examples {

class Progress {
 public:
  struct Options {
    std::string name{};        // at the start of the line
    int64_t total = 0;         // steps
    int64_t first = 0;         // steps already made, after a resume
    std::string extra_name{};  // of a further figure, "bit errors"; empty: none
    std::string unit = "sequences";
    bool quiet = false;     // nothing but notes
    TerminalStyle style{};  // terminal_style(stderr)
    std::FILE* stream = stderr;
    std::function<double()> seconds{};  // a clock; default: the steady clock
  };

  explicit Progress(Options options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Call after every step; it writes only when it is time to: ten times a second on a terminal, every ten seconds in
  // plain lines, and always for the first and the last step. `batch`: sequences of a step since
  // the last call.
  void step(int64_t step, double loss, double extra = 0, int64_t batch = 1);

  // A line of its own ("checkpoint saved"), above the progress line.
  void note(std::string_view line);

  void finish();           // ends the progress line; the destructor does so too
  double seconds() const;  // since construction

 private:
  std::string line(int64_t step, double loss, double extra) const;
  void clear();

  Options options_;
  double start_ = 0;
  double last_write_ = 0;
  double rate_ = 0, sequence_rate_ = 0;  // steps, sequences a second
  double window_start_ = 0;              // the rates are measured from here
  double window_step_ = 0, window_sequences_ = 0;
  double sequences_ = 0;   // since construction
  int64_t last_step_ = 0;  // that was told of
  bool written_ = false;   // anything yet
  bool open_ = false;      // a line on the terminal waits to be written over
};

// "45 s", "1 min 12 s", "2 h 5 min", "3 d 4 h".
std::string duration_text(double seconds);

}  // namespace fovea::examples
