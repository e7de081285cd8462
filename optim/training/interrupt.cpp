#include <fmt/format.h>
#include <fovea/optim/training/interrupt.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace fovea {
namespace {

std::atomic<int> guards{0};
std::atomic<int64_t> asked_to_stop{0};  // when, in nanoseconds; 0: not
static_assert(std::atomic<int64_t>::is_always_lock_free);

extern "C" void on_signal(int signal) {
  constexpr int exit_code = 130;
  struct timespec time {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  const int64_t now = 1 + int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec,
                once = signal == SIGINT ? 100'000'000 : 2'000'000'000;
  int64_t first = 0;
  if (!asked_to_stop.compare_exchange_strong(first, now)) {
    if (now - first > once) ::_exit(exit_code);
    return;
  }
  constexpr char message[] = "\nfinishing this step and saving; once more to leave at once\n";
  const int kept = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, message, sizeof message - 1);
  errno = kept;
}

}  // namespace

InterruptGuard::InterruptGuard() : outermost_(guards++ == 0) {
  if (!outermost_) return;
  asked_to_stop = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &former_interrupt_);
  ::sigaction(SIGTERM, &action, &former_terminate_);
}

InterruptGuard::~InterruptGuard() {
  --guards;
  if (!outermost_) return;
  ::sigaction(SIGINT, &former_interrupt_, nullptr);
  ::sigaction(SIGTERM, &former_terminate_, nullptr);
}

bool interrupted() { return asked_to_stop != 0; }

std::string resume_hint(std::string_view command, const std::filesystem::path& folder, int64_t step) {
  return fmt::format("stopped after step {}, saved in {}\ngo on with: {} --resume {}", step, folder.string(), command,
                     shell_word(folder.string()));
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:+@%=";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  }
  return word + "'";
}

}  // namespace fovea
