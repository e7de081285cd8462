// Threads: pieces, nesting, exceptions, fork, BLAS inside a parallel region, and the same bits for any number of
// threads.
#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <fovea/core/parallel.h>
#include <sys/wait.h>
#include <tests/catch.h>
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

class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }

 private:
  int before_;
};

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

TEST_CASE("an exception crosses a parallel loop", "[parallel][threads]") {
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

TEST_CASE("a hundred forked children finish a product", "[parallel][threads]") {
  const Threads threads(2);
  Generator generator(1);
  const Tensor a = uniform({300, 300}, -1, 1, generator, f64);
  const Tensor expected = matmul(a, a);
  int finished = 0;
  for (int i = 0; i < 100 && finished == i; ++i)
    finished += in_child([&] { return num_threads() == 1 && equal(matmul(a, a), expected); });
  REQUIRE(finished == 100);
}

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

TEST_CASE("every kernel family gives the same bits with 1, 2, 4 and 7 threads", "[parallel][threads]") {
  Generator generator(4);
  const Tensor long_row = uniform({100003}, -3, 3, generator), matrix = uniform({517, 403}, -2, 2, generator);
  const Tensor positive = uniform({517, 403}, 0.1, 2, generator), column = uniform({517, 1}, -1, 1, generator);
  const Tensor ids = randint({517}, 0, 517, generator), mask = bernoulli({517, 403}, 0.5, generator);
  const Tensor square = uniform({256, 256}, -1, 1, generator), large = uniform({1024, 1024}, -1, 1, generator);
  const Tensor batch = uniform({33, 40, 50}, -1, 1, generator), wide = uniform({3, 2049}, -1, 1, generator);
  const Tensor weight = uniform({403}, 0.5, 1.5, generator), bias = uniform({403}, -1, 1, generator);
  const Tensor flags = gt(mask, zeros({1}));
  const std::vector<std::pair<std::string, std::function<Tensor()>>> families = {
      {"unary", [&] { return tanh(long_row) + sigmoid(long_row) * exp(long_row) - gelu(long_row); }},
      {"unary f64", [&] { return softplus(to(long_row, f64)); }},
      {"strided", [&] { return exp(transpose(matrix, 0, 1)); }},
      {"broadcast", [&] { return matrix * column + pow(positive, 1.5); }},
      {"binary", [&] { return maximum(matrix, positive) / positive; }},
      {"convert", [&] { return to(to(transpose(matrix, 0, 1), f64), f32); }},
      {"compare", [&] { return where(gt(matrix, column), matrix, scalar(0)); }},
      {"masked_fill", [&] { return masked_fill(matrix, flags, -1); }},
      {"sum all", [&] { return sum(long_row); }},
      {"sum rows", [&] { return sum(matrix, 1); }},
      {"sum columns", [&] { return sum(matrix, 0); }},
      {"mean, var", [&] { return mean(matrix, 0) + var(matrix, 0); }},
      {"max, norm", [&] { return max(matrix, 1) + norm(matrix, 1); }},
      {"logsumexp", [&] { return logsumexp(matrix, 1); }},
      {"cumsum", [&] { return cumsum(matrix, 0); }},
      {"softmax", [&] { return softmax(matrix, 1) + softmax(matrix, 0); }},
      {"log_softmax", [&] { return log_softmax(matrix, 1); }},
      {"matmul 256", [&] { return matmul(square, square); }},
      {"matmul 1024", [&] { return matmul(large, large); }},
      {"matmul odd", [&] { return matmul(matrix, transpose(matrix, 0, 1)); }},
      {"matmul wide", [&] { return matmul(wide, transpose(wide, 0, 1)); }},
      {"matmul tall", [&] { return matmul(transpose(wide, 0, 1), wide); }},
      {"matmul batch", [&] { return matmul(batch, transpose(batch, 1, 2)); }},
      {"matrix vector", [&] { return matmul(large, select(large, 0, 3)); }},
      {"linear", [&] { return linear(matrix, matrix, select(matrix, 1, 0)); }},
      {"index_select", [&] { return index_select(matrix, 0, ids); }},
      {"scatter_add",
       [&] {
         return scatter_add(matrix, 0, expand(unsqueeze(ids, 1), {517, 403}), matrix);
       }},
      {"sort", [&] { return sort(matrix, 1).first; }},
      {"cat",
       [&] {
         return cat({matrix, positive}, 1);
       }},
      {"layer_norm", [&] { return layer_norm(matrix, weight, bias); }},
      {"random",
       [&] {
         Generator fresh(9);
         return normal({100003}, 0, 1, fresh);
       }},
  };
  for (const auto& [name, run] : families) {
    INFO(name);
    const Threads one(1);
    const Tensor expected = run();
    for (const int n : {2, 4, 7}) {
      const Threads threads(n);
      INFO(n << " threads");
      REQUIRE(equal(run(), expected));
    }
  }
}

TEST_CASE("gradients have the same bits with 1, 2, 4 and 7 threads", "[parallel][threads]") {
  Generator generator(5);
  const Tensor data = uniform({300, 257}, -1, 1, generator), start = uniform({257, 129}, -0.1, 0.1, generator);
  const auto gradient = [&](int n) {
    const Threads threads(n);
    Tensor w = start.detach().requires_grad_();
    const Tensor h = tanh(matmul(data, w));
    sum(log_softmax(matmul(h, transpose(w, 0, 1)), 1) * data + sum(h, {0, 1})).backward();
    return w.grad();
  };
  const Tensor expected = gradient(1);
  for (const int n : {2, 4, 7}) REQUIRE(equal(gradient(n), expected));
}
