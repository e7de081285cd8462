#include <fovea/core/denormals.h>
#include <fovea/core/error.h>
#include <fovea/core/internal/workers.h>
#include <fovea/core/kernels/instruction_set.h>
#include <fovea/core/parallel.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace fovea {
namespace {

std::atomic<int> threads{0};  // 0: not asked yet
std::atomic<int> forks{0};
std::atomic<Workers*> workers{nullptr};  // live as long as the process: static objects may still compute after main

// The parent's workers do not exist in a forked child. It runs serially, unless it sets a number of its own.
void become_serial() {
  threads.store(1);
  forks.fetch_add(1);
  if (Workers* const of_parent = workers.load()) workers.store(new Workers(of_parent));
}

// OMP_NUM_THREADS may be a list, of which the first counts.
int wanted_threads() {
  int n = 0;
  if (const char* const text = std::getenv("OMP_NUM_THREADS")) std::from_chars(text, text + std::strlen(text), n);
  return std::max(1, n > 0 ? n : usable_cores());
}

int initial_threads() {
  static const int once = [] {
    pthread_atfork(nullptr, nullptr, become_serial);
    return wanted_threads();
  }();
  return once;
}

Workers& all_workers() {
  if (Workers* const known = workers.load()) return *known;
  auto fresh = std::make_unique<Workers>(nullptr);
  Workers* before = nullptr;
  return workers.compare_exchange_strong(before, fresh.get()) ? *fresh.release() : *before;
}

}  // namespace

std::string instruction_set_name() { return kernels::instruction_set(); }

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

bool in_parallel() { return Workers::inside(); }

namespace detail {

int forks_until_now() { return forks.load(std::memory_order_relaxed); }

void run_chunks(int64_t chunks, ChunkBody call, void* body) {
  if (chunks > 1 && num_threads() > 1) {
    const auto helpers = static_cast<int>(std::min<int64_t>(chunks, num_threads()) - 1);
    if (all_workers().run({chunks, call, body, float_control()}, helpers)) return;
  }
  for (int64_t c = 0; c < chunks; ++c) call(body, c);
}

void run_pieces(int64_t n, int64_t grain, PieceBody call, void* body) {
  if (grain < 1) throw ValueError("parallel_for: pieces of " + std::to_string(grain) + "; need at least 1");
  parallel_chunks((n + grain - 1) / grain, [=](int64_t c) { call(body, c * grain, std::min(n, (c + 1) * grain)); });
}

}  // namespace detail
}  // namespace fovea
