#include <fovea/core/denormals.h>
#include <fovea/core/error.h>
#include <fovea/core/parallel.h>
#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <string>

namespace fovea {
namespace {

std::atomic<int> threads{0};  // 0: not asked yet
std::atomic<int> forks{0};

// After fork the OpenMP team of the parent is gone; the child runs serially.
void become_serial() {
  threads.store(1);
  forks.fetch_add(1);
}

int initial_threads() {
  static const int once = [] {
    pthread_atfork(nullptr, nullptr, become_serial);
    return omp_get_max_threads();
  }();
  return once;
}

}  // namespace

int num_threads() {
  const int n = threads.load(std::memory_order_relaxed);
  if (n > 0) return n;
  int unset = 0;
  threads.compare_exchange_strong(unset, initial_threads());
  return threads.load();
}

void set_num_threads(int n) {
  if (n < 1) throw ValueError("set_num_threads: " + std::to_string(n) + " threads; need at least 1");
  initial_threads();
  threads.store(n);
}

bool in_parallel() { return omp_in_parallel() != 0; }

namespace detail {

int forks_until_now() { return forks.load(std::memory_order_relaxed); }

void throw_grain(int64_t grain) {
  throw ValueError("parallel_for: pieces of " + std::to_string(grain) + "; need at least 1");
}

void run_chunks(int64_t chunks, void (*body)(void*, int64_t), void* context) {
  const int team = static_cast<int>(chunks < num_threads() ? chunks : num_threads());
  if (in_parallel()) {
    for (int64_t c = 0; c < chunks; ++c) body(context, c);
    return;
  }
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const uint64_t control = float_control();  // holds on every thread, or the bits would tell how many there are
#pragma omp parallel num_threads(team)
  {
    const uint64_t before = float_control();
    set_float_control(control);
#pragma omp for schedule(dynamic, 1)
    for (int64_t c = 0; c < chunks; ++c) {
      try {
        body(context, c);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(failure_mutex);
        if (!failure) failure = std::current_exception();
      }
    }
    set_float_control(before);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace fovea
