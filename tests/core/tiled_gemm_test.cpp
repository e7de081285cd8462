// The product in tiles against a plain loop, and its promises: no bit depends on the threads or on a row's neighbours.
#include <fovea/core/kernels/tiled_gemm.h>
#include <tests/catch.h>
#include <tests/random_values.h>
#include <tests/threads.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace fovea;
using namespace fovea::test;

namespace {

// An operand of `rows` x `columns` whose rows in memory are `gap` apart.
template <class T>
struct Operand {
  Operand(int64_t rows, int64_t columns, bool transposed, int64_t gap, uint64_t seed)
      : values(random_values<T>((transposed ? columns : rows) * ((transposed ? rows : columns) + gap), seed)),
        matrix{values.data(), (transposed ? rows : columns) + gap, transposed} {}
  double at(int64_t i, int64_t j) const {
    return static_cast<double>(matrix.data[matrix.transposed ? j * matrix.stride + i : i * matrix.stride + j]);
  }
  std::vector<T> values;
  kernels::Matrix<T> matrix;
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void check_product(int64_t m, int64_t n, int64_t k, bool a_transposed, bool b_transposed, int64_t gap) {
  INFO(m << " x " << n << " x " << k << (a_transposed ? ", a transposed" : "")
         << (b_transposed ? ", b transposed" : ""));
  const Operand<T> a(m, k, a_transposed, gap, 1), b(k, n, b_transposed, gap, 2);
  const int64_t stride = n + gap;
  const std::vector<T> before = random_values<T>(m * stride, 3);
  for (const bool accumulate : {false, true}) {
    std::vector<T> c = before;
    kernels::tiled_gemm<T>(m, n, k, a.matrix, b.matrix, c.data(), stride, accumulate, false);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < stride; ++j) {
        double sum = accumulate || j >= n ? static_cast<double>(before[i * stride + j]) : 0;
        for (int64_t p = 0; p < k && j < n; ++p) sum += a.at(i, p) * b.at(p, j);
        const double off = std::abs(static_cast<double>(c[i * stride + j]) - sum);
        if (!(off <= (j < n ? (sizeof(T) == 4 ? 1e-4 : 1e-12) : 0)))
          FAIL("at " << i << ", " << j << ": off by " << off);
      }
    for (const int threads : {1, 2, 3, 7}) {
      const Threads few(threads);
      std::vector<T> shared = before;
      kernels::tiled_gemm<T>(m, n, k, a.matrix, b.matrix, shared.data(), stride, accumulate, true);
      REQUIRE(same_bits(shared, c));
    }
    std::vector<T> single = before;
    for (int64_t i = 0; i < m; ++i) {
      kernels::Matrix<T> row = a.matrix;
      row.data += a_transposed ? i : i * row.stride;
      kernels::tiled_gemm<T>(1, n, k, row, b.matrix, single.data() + i * stride, stride, accumulate, false);
    }
    REQUIRE(same_bits(single, c));
  }
}

template <class T>
void check_layouts(int64_t m, int64_t n, int64_t k, int64_t gap) {
  for (const bool left : {false, true})
    for (const bool right : {false, true}) check_product<T>(m, n, k, left, right, gap);
}

}  // namespace

TEST_CASE("a product in tiles is the product, whatever the threads and the rows beside", "[kernels]") {
  for (const int64_t m : {1, 13, 30})
    for (const int64_t n : {1, 16, 33, 71})
      for (const int64_t k : {1, 17, 64}) {
        check_layouts<float>(m, n, k, 0);
        check_layouts<double>(m, n, k, 3);
      }
  check_layouts<float>(61, 545, 19, 5);  // more columns than are packed at a time
  check_layouts<double>(45, 530, 7, 0);
  check_layouts<float>(29, 47, 801, 2);  // several pieces of depth
  check_layouts<double>(17, 35, 400, 0);
  check_layouts<float>(40, 96, 512, 512);  // rows a power of two apart
}

TEST_CASE("what is not finite goes where it belongs in a product in tiles", "[kernels]") {
  constexpr int64_t m = 40, n = 75, k = 90;
  for (const float odd : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (const bool in_a : {false, true}) {
      std::vector<float> a(m * k, 1), b(k * n, 1), c(m * n);
      (in_a ? a[20 * k + 50] : b[50 * n + 74]) = odd;
      kernels::tiled_gemm<float>(m, n, k, {a.data(), k}, {b.data(), n}, c.data(), n, false, true);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) REQUIRE((c[i * n + j] == 90) == (in_a ? i != 20 : j != 74));
    }
}

TEST_CASE("gemm is the product at the sizes where its ways meet", "[kernels]") {
  for (const int64_t n : {99, 100, 101, 260}) {
    const Operand<float> a(100, 100, false, 0, 1), b(100, n, true, 0, 2);
    std::vector<float> c(100 * n), shared(100 * n);
    {
      const Threads one(1);
      kernels::gemm<float>(100, n, 100, a.matrix, b.matrix, c.data(), n);
    }
    const Threads two(2);
    kernels::gemm<float>(100, n, 100, a.matrix, b.matrix, shared.data(), n);
    REQUIRE(same_bits(shared, c));
    for (int64_t i = 0; i < 100; i += 33)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < 100; ++p) sum += a.at(i, p) * b.at(p, j);
        REQUIRE(static_cast<double>(c[i * n + j]) == Approx(sum).margin(1e-4));
      }
  }
}
