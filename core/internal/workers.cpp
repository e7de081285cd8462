#include <fovea/core/denormals.h>
#include <fovea/core/internal/workers.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#ifdef __linux__
#include <sched.h>
#endif

namespace fovea {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;

constexpr Time kSpin = 100us;     // a worker that finds no chunk: longer than most gaps between the loops of a step
constexpr Time kPatience = 50us;  // the caller, while another thread ends its chunk
constexpr Time kPeriod = 1ms;     // how often a worker looks whether it was kept off its core
constexpr int kKeptOff = 4;       // for more than one part in so many
constexpr Time kShortRest = 5ms, kLongRest = 160ms;
constexpr Time kIdleRest = 1ms;  // of a worker that was woken for nothing: the loop was over before
constexpr int kMostWorkers = 1023;

Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }

// How long this thread has been running.
Time time_on_core() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + Time(t.tv_nsec);
}

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

thread_local bool inside_loop = false;

struct Inside {
  Inside() { inside_loop = true; }
  ~Inside() { inside_loop = false; }
};

// Whether ready() came true within the time.
template <class Ready>
bool spin(Time limit, Ready ready) {
  const Time end = now() + limit;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (now() < end);
  return false;
}

// Tells a worker how long to rest.
class Rests {
 public:
  // Since the last call, or since wake().
  Time due() {
    const Time passed = now() - since_;
    if (passed < kPeriod) return 0ms;
    const Time ran = time_on_core() - ran_before_;
    wake();
    if (passed - ran > passed / kKeptOff) {
      undisturbed_ = 0ms;
      return std::exchange(rest_, std::min(kLongRest, 2 * rest_));
    }
    if ((undisturbed_ += passed) > rest_) {
      undisturbed_ = 0ms;
      rest_ = std::max(kShortRest, rest_ / 2);
    }
    return 0ms;
  }
  void wake() {
    since_ = now();
    ran_before_ = time_on_core();
  }

 private:
  Time since_{}, ran_before_{}, undisturbed_{}, rest_ = kShortRest;
};

}  // namespace

int usable_cores() {
#ifdef __linux__
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// One chunk fewer is open; false: there was none. A number that has come back since it was read is as good: it belongs
// to the next loop, and so does all else that is read afterwards, which changes only when every chunk is finished.
bool Workers::take() {
  int64_t open = open_.load(std::memory_order_relaxed);
  do
    if (open == 0) return false;
  while (!open_.compare_exchange_weak(open, open - 1, std::memory_order_acquire, std::memory_order_relaxed));
  return true;
}

void Workers::run_chunk(int64_t chunk) {
  if (detail::float_control() != loop_.control) detail::set_float_control(loop_.control);
  try {
    loop_.body(loop_.context, chunk);
  } catch (...) {
    const std::lock_guard<std::mutex> lock(failure_mutex_);
    if (!failure_ || chunk < failed_chunk_) {
      failure_ = std::current_exception();
      failed_chunk_ = chunk;
    }
  }
}

// Of the chunks of a loop, this thread has run so many. Until it says so the loop goes on, and no other one begins.
void Workers::finish(int64_t chunks) {
  if (chunks > 0 && unfinished_.fetch_sub(chunks) == chunks) caller_.wake();
}

void Workers::work(Worker& self) {
  const auto wanted = [&] { return open_.load() > 0 && self.index < helpers_.load(std::memory_order_relaxed); };
  Rests rests;
  inside_loop = true;
  for (;;) {
    self.bed.sleep(wanted);
    rests.wake();
    bool useful = false, more;
    do {
      int64_t ran = 0;
      for (; wanted() && take(); ++ran) run_chunk(last_.fetch_sub(1, std::memory_order_relaxed));
      finish(ran);
      useful = useful || ran > 0;
      more = spin(kSpin, wanted);
      if (const Time rest = rests.due(); rest > 0ms) {
        std::this_thread::sleep_for(rest);
        rests.wake();
      }
    } while (more);
    if (!useful) std::this_thread::sleep_for(kIdleRest);
  }
}

// As many workers as the system lets us have.
void Workers::hire(int helpers) {
  while (static_cast<int>(workers_.size()) < std::min(helpers, kMostWorkers)) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.index = static_cast<int>(workers_.size()) - 1;
    try {
      std::thread([this, &worker] { work(worker); }).detach();
    } catch (const std::system_error&) {
      workers_.pop_back();
      return;
    }
  }
}

bool Workers::inside() { return inside_loop; }

bool Workers::run(const Loop& loop, int helpers) {
  std::unique_lock<std::mutex> turn(turn_, std::defer_lock);
  if (inside_loop || !turn.try_lock()) return false;
  const Inside guard;
  hire(helpers);
  loop_ = loop;
  unfinished_.store(loop.chunks, std::memory_order_relaxed);
  helpers_.store(helpers, std::memory_order_relaxed);
  last_.store(loop.chunks - 1, std::memory_order_relaxed);
  open_.store(loop.chunks);
  for (int i = 0; i < std::min(helpers, static_cast<int>(workers_.size())); ++i) workers_[i]->bed.wake();
  int64_t ran = 0;
  for (; take(); ++ran) run_chunk(ran);
  finish(ran);
  const auto finished = [&] { return unfinished_.load() == 0; };
  while (!spin(kPatience, finished)) caller_.sleep(finished);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return true;
}

}  // namespace fovea
