// Ctrl-C: the first asks the run to finish its step and save, a later one leaves at once with exit code 130.
//
//   InterruptGuard guard;
//   while (step < steps && !interrupted()) train_step();
//   if (interrupted()) save, then print resume_hint(...)
//
// SIGINT and SIGTERM alike. One request may come as two signals, to a process and to its group, as from timeout(1): a
// SIGINT in the tenth of a second after the first signal, a SIGTERM in the two seconds after it, is the same request.
// The handler sets flags and calls clock_gettime, write and _exit: async-signal-safe. The guard puts
// the former handlers back when it goes. Guards nest: inside another one a guard changes nothing. interrupted() may be
// asked from any thread.
#pragma once

#include <signal.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace fovea {

class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  bool outermost_;
  struct sigaction former_interrupt_ {};
  struct sigaction former_terminate_ {};
};

bool interrupted();

// What to print after saving: where the run lies and the command that goes on with it, as a shell takes it; `command`
// calls the program (CommandLine::command).
std::string resume_hint(std::string_view command, const std::filesystem::path& folder, int64_t step);

// A text as one word of a shell: in quotes where it needs them.
std::string shell_word(std::string_view text);

}  // namespace fovea
