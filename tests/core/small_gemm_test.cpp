// The packed product against a plain loop, and its promise that a row's result does not depend on its neighbours.
#include <fovea/core/kernels/small_gemm.h>
#include <tests/catch.h>
#include <tests/random_values.h>

#include <cstring>
#include <vector>

using namespace fovea;
using namespace fovea::test;

namespace {

template <class T>
void check_product(int64_t m, int64_t n, int64_t k, bool b_transposed, bool a_transposed) {
  INFO(m << " x " << n << " x " << k << (b_transposed ? ", B transposed" : "")
         << (a_transposed ? ", A transposed" : ""));
  const std::vector<T> a = random_values<T>(m * k, 1), b = random_values<T>(k * n, 2),
                       before = random_values<T>(m * n, 3);
  const int64_t a_row = a_transposed ? 1 : k, a_column = a_transposed ? m : 1;
  const kernels::Scratch<T> packed(kernels::packed_size<T>(k, n));
  kernels::pack<T>(b_transposed, k, n, b.data(), b_transposed ? k : n, packed.get());
  for (const bool accumulate : {false, true}) {
    std::vector<T> c = before;
    kernels::small_gemm<T>(m, n, k, a.data(), a_row, a_column, packed.get(), c.data(), n, accumulate);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = accumulate ? static_cast<double>(before[i * n + j]) : 0;
        for (int64_t p = 0; p < k; ++p)
          sum += static_cast<double>(a[i * a_row + p * a_column]) *
                 static_cast<double>(b_transposed ? b[j * k + p] : b[p * n + j]);
        REQUIRE(static_cast<double>(c[i * n + j]) == Approx(sum).margin(sizeof(T) == 4 ? 1e-4 : 1e-12));
      }
    // Row by row gives the same bits.
    std::vector<T> single = before;
    for (int64_t i = 0; i < m; ++i)
      kernels::small_gemm<T>(1, n, k, a.data() + i * a_row, a_row, a_column, packed.get(), single.data() + i * n, n,
                             accumulate);
    REQUIRE((m * n == 0 || std::memcmp(single.data(), c.data(), c.size() * sizeof(T)) == 0));
  }
}

}  // namespace

TEST_CASE("a packed product is the product, whatever the rows beside", "[kernels]") {
  for (const int64_t m : {1, 7, 8, 9, 20})
    for (const int64_t n : {1, 15, 32, 33, 70})
      for (const int64_t k : {1, 5, 64}) {
        check_product<float>(m, n, k, false, false);
        check_product<float>(m, n, k, true, true);
        check_product<double>(m, n, k, true, false);
      }
  check_product<float>(0, 4, 3, false, false);
  check_product<float>(3, 4, 0, false, false);
  check_product<double>(3, 0, 2, false, false);
}
