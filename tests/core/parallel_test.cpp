// Threads: pieces, nesting, exceptions, fork, callers at once, BLAS inside a loop. Same bits: thread_bits_test.cpp.
#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <fovea/core/denormals.h>
#include <fovea/core/parallel.h>
#include <sys/wait.h>
#include <tests/catch.h>
#include <tests/threads.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace fovea;

namespace {

using fovea::test::Threads;

// Whether body(), run in a forked child, returns true within the time limit.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a child that hangs is killed
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("every index is visited once", "[parallel][threads]") {
  for (const int n : {1, 2, 4, 7}) {
    const Threads threads(n);
    for (const int64_t size : {0, 1, 99, 100, 101, 1000, 12345}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(size));
      parallel_for(size, 100, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
      });
      for (const auto& count : seen) REQUIRE(count == 1);
    }
  }
}

TEST_CASE("pieces do not depend on the number of threads", "[parallel][threads]") {
  const auto pieces = [](int n) {
    const Threads threads(n);
    std::vector<int64_t> ends(8, 0);
    parallel_for(700, 100, [&](int64_t begin, int64_t end) { ends[static_cast<size_t>(begin / 100)] = end; });
    return ends;
  };
  REQUIRE(pieces(1) == pieces(4));
}

TEST_CASE("pieces of nothing are refused", "[parallel]") {
  REQUIRE_THROWS_AS(parallel_for(100, 0, [](int64_t, int64_t) {}), ValueError);
  REQUIRE_THROWS_AS(parallel_for(100, -1, [](int64_t, int64_t) {}), ValueError);
}

TEST_CASE("an exception crosses a parallel loop", "[parallel][threads]") {  // TinyAD#12
  for (const int n : {1, 2, 4}) {
    const Threads threads(n);
    for (int round = 0; round < 20; ++round)
      REQUIRE_THROWS_WITH(parallel_chunks(64,
                                          [](int64_t chunk) {
                                            if (chunk % 16 == 3) throw std::runtime_error("from a chunk");
                                          }),
                          "from a chunk");
    std::atomic<int> ran{0};
    parallel_chunks(64, [&](int64_t) { ++ran; });  // and the team still works
    REQUIRE(ran == 64);
  }
}

TEST_CASE("of several exceptions that of the first chunk crosses", "[parallel][threads]") {
  for (const int n : {1, 2, 4, 7}) {
    const Threads threads(n);
    for (int round = 0; round < 20; ++round)
      REQUIRE_THROWS_WITH(parallel_chunks(64,
                                          [](int64_t chunk) {
                                            if (chunk >= 5) throw std::runtime_error(std::to_string(chunk));
                                          }),
                          "5");
  }
}

TEST_CASE("nested loops run serially and completely", "[parallel][threads]") {
  const Threads threads(4);
  std::atomic<int64_t> sum{0};
  parallel_chunks(10, [&](int64_t outer) { parallel_chunks(10, [&](int64_t inner) { sum += outer * 10 + inner; }); });
  REQUIRE(sum == 4950);
  REQUIRE_THROWS_AS(parallel_chunks(4, [](int64_t) { parallel_chunks(4, [](int64_t) { throw ValueError("deep"); }); }),
                    ValueError);
}

TEST_CASE("the number of threads", "[parallel]") {
  const Threads threads(3);
  REQUIRE(num_threads() == 3);
  REQUIRE_THROWS_AS(set_num_threads(0), ValueError);
  REQUIRE_THROWS_WITH(set_num_threads(-2), test::contains("-2"));
  REQUIRE(num_threads() == 3);
}

TEST_CASE("the number of threads may change between loops", "[parallel][threads]") {
  for (const int n : {1, 7, 2, 4, 1, 3}) {
    const Threads threads(n);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    std::atomic<int64_t> sum{0};
    for (int round = 0; round < 50; ++round)
      parallel_chunks(40, [&](int64_t chunk) {
        sum += chunk;
        const std::lock_guard<std::mutex> lock(mutex);
        seen.insert(std::this_thread::get_id());
      });
    REQUIRE(sum == 50 * 780);
    REQUIRE(static_cast<int>(seen.size()) <= n);
  }
}

TEST_CASE("a loop runs on two threads at once", "[parallel][threads]") {
  const Threads threads(2);
  for (int round = 0; round < 20; ++round) {
    std::latch both(2);
    parallel_chunks(2, [&](int64_t) { both.arrive_and_wait(); });  // on one thread this would not end
  }
}

TEST_CASE("every chunk has the caller's way with denormals", "[parallel][threads]") {
  const Threads threads(4);
  const uint64_t plain = detail::float_control();
  for (int round = 0; round < 20; ++round)
    for (const bool flush : {true, false}) {
      const uint64_t expected = flush ? detail::flushing(plain) : plain;
      detail::set_float_control(expected);
      std::atomic<int> same{0};
      parallel_chunks(64, [&](int64_t) { same += detail::float_control() == expected; });
      REQUIRE(detail::float_control() == expected);
      detail::set_float_control(plain);
      REQUIRE(same == 64);
    }
}

TEST_CASE("loops of several threads of the program, at once", "[parallel][threads]") {
  const Threads threads(4);
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t)
    callers.emplace_back([&, t] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<int64_t> sum{0};
        try {
          parallel_chunks(30, [&](int64_t chunk) {
            sum += chunk + t;
            if (t == 2 && chunk == 29) throw ValueError("of the third");
          });
          right += t != 2 && sum == 435 + 30 * t;
        } catch (const ValueError&) {
          right += t == 2 && sum == 435 + 60;
        }
      }
    });
  for (std::thread& caller : callers) caller.join();
  REQUIRE(right == 600);
}

TEST_CASE("a loop does not wait for another thread's loop", "[parallel][threads]") {
  const Threads threads(2);
  std::latch begun(2), other_done(1);
  std::thread first([&] {
    parallel_chunks(2, [&](int64_t) {
      begun.count_down();
      other_done.wait();
    });
  });
  begun.wait();  // now both threads are held in a chunk
  std::atomic<int> ran{0};
  parallel_chunks(10, [&](int64_t) { ++ran; });
  other_done.count_down();
  first.join();
  REQUIRE(ran == 10);
}

#ifndef FOVEA_ONE_THREAD
// Not under ThreadSanitizer, which ends a child that starts threads.
TEST_CASE("a forked child that sets a number of threads gets them", "[parallel][child-threads]") {
  const Threads threads(3);
  std::atomic<int> ran{0};
  parallel_chunks(64, [&](int64_t) { ++ran; });  // the parent has workers
  REQUIRE(in_child([] {
    set_num_threads(2);
    std::latch both(2);
    parallel_chunks(2, [&](int64_t) { both.arrive_and_wait(); });
    return true;
  }));
}
#endif

TEST_CASE("a process ends while workers sleep, and loops run until its last line", "[parallel][child-threads]") {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    static std::atomic<int> ran{0};
    std::atexit([] {
      parallel_chunks(64, [](int64_t) { ++ran; });
      _exit(ran == 128 ? 7 : 1);
    });
    set_num_threads(3);
    parallel_chunks(64, [](int64_t) { ++ran; });
    std::exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 7);
}

TEST_CASE("a hundred forked children finish a product", "[parallel][threads]") {  // OpenBLAS#240, #294
  const Threads threads(2);
  Generator generator(1);
  const Tensor a = uniform({300, 300}, -1, 1, generator, f64);
  const Tensor expected = matmul(a, a), row = matmul(slice(a, 0, 0, 1), a);  // the row on this thread alone
  int finished = 0;
  for (int i = 0; i < 100 && finished == i; ++i)
    finished += in_child([&] {
      return num_threads() == 1 && equal(matmul(a, a), expected) && equal(matmul(slice(a, 0, 0, 1), a), row);
    });
  REQUIRE(finished == 100);
}

// OpenBLAS#5947, #4345
TEST_CASE("a product inside a parallel loop is the product outside it", "[parallel][threads]") {
  const Threads threads(4);
  Generator generator(2);
  const Tensor a = uniform({200, 200}, -1, 1, generator), b = uniform({200, 200}, -1, 1, generator);
  const Tensor expected = matmul(a, b);
  std::atomic<int> same{0};
  parallel_chunks(16, [&](int64_t) { same += equal(matmul(a, b), expected); });
  REQUIRE(same == 16);
}

TEST_CASE("products in new threads, several at once, are those of the first thread", "[parallel][threads]") {
  // OpenBLAS must stay serial in every thread: with threads of its own its results differ.
  Generator generator(3);
  const Tensor a = uniform({256, 300}, -1, 1, generator), b = uniform({300, 120}, -1, 1, generator);
  const Tensor expected = matmul(a, b);
  std::atomic<int> same{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < 3; ++t)
    workers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) same += equal(matmul(a, b), expected);
    });
  for (std::thread& worker : workers) worker.join();
  REQUIRE(same == 30);
}
