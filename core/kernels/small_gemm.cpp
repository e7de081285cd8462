// Panels of kPanel columns, each stored row by row (zeros beyond n), so that the inner loop reads memory in order. A
// tile of up to kRows rows by one panel stays in registers over all of k.
#include <fovea/core/kernels/register_tile.h>
#include <fovea/core/kernels/small_gemm.h>

#include <algorithm>
#include <cstring>

namespace fovea::kernels {
namespace {

using namespace tile;

// Rows of a against one panel.
template <class T>
struct Job {
  int64_t k;
  const T* a;
  int64_t a_row, a_column;
  const T* panel;
  T* c;
  int64_t ldc, width;  // columns of c to write
  bool accumulate;
};

template <class T, int rows>
void tile(const Job<T>& job) {
  using Vector = typename Lanes<T>::Vector;
  constexpr int lanes = kLanes<T>;
  Vector sum[rows][kVectors] = {};
  const T* a = job.a;
  const int64_t a_row = job.a_row, a_column = job.a_column, ldc = job.ldc;
  const auto* b = reinterpret_cast<const Vector*>(job.panel);
  for (int64_t p = 0; p < job.k; ++p, a += a_column, b += kVectors)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j) sum[i][j] += a[i * a_row] * b[j];
  if (job.width == kPanel<T>) {
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j) {
        T* target = job.c + i * ldc + j * lanes;
        Vector before = {};
        if (job.accumulate) std::memcpy(&before, target, sizeof(Vector));
        before += sum[i][j];
        std::memcpy(target, &before, sizeof(Vector));
      }
    return;
  }
  for (int i = 0; i < rows; ++i) {
    T line[kPanel<T>];
    std::memcpy(line, sum[i], sizeof(line));
    T* target = job.c + i * ldc;
    for (int64_t j = 0; j < job.width; ++j) target[j] = job.accumulate ? target[j] + line[j] : line[j];
  }
}

template <class T, int rows = kRows>
void run(int64_t m, const Job<T>& job) {
  if constexpr (rows > 0) {
    if (m == rows) return tile<T, rows>(job);
    run<T, rows - 1>(m, job);
  }
}

}  // namespace

template <class T>
int64_t packed_size(int64_t k, int64_t n) {
  return (n + kPanel<T> - 1) / kPanel<T> * kPanel<T> * k;
}

template <class T>
void pack(bool transposed, int64_t k, int64_t n, const T* b, int64_t ldb, T* packed) {
  for (int64_t column = 0; column < n; column += kPanel<T>, packed += kPanel<T> * k) {
    const int64_t width = std::min(kPanel<T>, n - column);
    if (width < kPanel<T>) std::fill_n(packed, kPanel<T> * k, T(0));
    if (transposed) {
      for (int64_t j = 0; j < width; ++j)
        for (int64_t p = 0; p < k; ++p) packed[p * kPanel<T> + j] = b[(column + j) * ldb + p];
    } else {
      for (int64_t p = 0; p < k; ++p) std::copy_n(b + p * ldb + column, width, packed + p * kPanel<T>);
    }
  }
}

template <class T>
void small_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_column, const T* packed, T* c,
                int64_t ldc, bool accumulate) {
  for (int64_t column = 0; column < n; column += kPanel<T>, packed += kPanel<T> * k) {
    const int64_t width = std::min(kPanel<T>, n - column);
    for (int64_t row = 0; row < m; row += kRows)
      run<T>(std::min<int64_t>(kRows, m - row),
             {k, a + row * a_row, a_row, a_column, packed, c + row * ldc + column, ldc, width, accumulate});
  }
}

template int64_t packed_size<float>(int64_t, int64_t);
template int64_t packed_size<double>(int64_t, int64_t);
template void pack<float>(bool, int64_t, int64_t, const float*, int64_t, float*);
template void pack<double>(bool, int64_t, int64_t, const double*, int64_t, double*);
template void small_gemm<float>(int64_t, int64_t, int64_t, const float*, int64_t, int64_t, const float*, float*,
                                int64_t, bool);
template void small_gemm<double>(int64_t, int64_t, int64_t, const double*, int64_t, int64_t, const double*, double*,
                                 int64_t, bool);

}  // namespace fovea::kernels
