// Threads: pieces, nesting, exceptions, fork, BLAS inside a parallel region. Same bits: thread_bits_test.cpp.
#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <fovea/core/parallel.h>
#include <sys/wait.h>
#include <tests/catch.h>
#include <tests/threads.h>
#include <unistd.h>

#include <atomic>
#include <functional>
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
