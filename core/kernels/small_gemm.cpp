// Panels of kPanel columns, each stored row by row (zeros beyond n), so that the inner loop reads memory in order. A tile of
// up to kRows rows by one panel stays in registers over all of k.
#include <fovea/core/kernels/small_gemm.h>

#include <algorithm>
#include <cstring>

namespace fovea::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kVectors = 4, kRows = 6;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32, kVectors = 2, kRows = 6;
#else
constexpr int kVectorBytes = 16, kVectors = 2, kRows = 4;
#endif

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  typedef float Vector __attribute__((vector_size(kVectorBytes)));
};
template <>
struct Lanes<double> {
  typedef double Vector __attribute__((vector_size(kVectorBytes)));
};

template <class T>
constexpr int64_t kPanel = kVectors * kVectorBytes / static_cast<int>(sizeof(T));

// One tile: `rows` rows of a against one panel; `width` columns of c are written.
template <class T, int rows>
void tile(int64_t k, const T* a, int64_t lda, const T* panel, T* c, int64_t ldc, int64_t width, bool accumulate) {
  using Vector = typename Lanes<T>::Vector;
  constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
  Vector sum[rows][kVectors] = {};
  const auto* b = reinterpret_cast<const Vector*>(panel);
  for (int64_t p = 0; p < k; ++p, b += kVectors)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j) sum[i][j] += a[i * lda + p] * b[j];
  if (width == kPanel<T>) {
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < kVectors; ++j) {
        T* target = c + i * ldc + j * lanes;
        Vector before = {};
        if (accumulate) std::memcpy(&before, target, sizeof(Vector));
        before += sum[i][j];
        std::memcpy(target, &before, sizeof(Vector));
      }
    return;
  }
  for (int i = 0; i < rows; ++i) {
    T line[kPanel<T>];
    std::memcpy(line, sum[i], sizeof(line));
    for (int64_t j = 0; j < width; ++j) c[i * ldc + j] = accumulate ? c[i * ldc + j] + line[j] : line[j];
  }
}

template <class T>
using Tile = void (*)(int64_t, const T*, int64_t, const T*, T*, int64_t, int64_t, bool);

// The tile function for 1 to kRows rows.
template <class T>
Tile<T> tile_of(int64_t rows) {
  switch (rows) {
    case 1:
      return tile<T, 1>;
    case 2:
      return tile<T, 2>;
    case 3:
      return tile<T, 3>;
    case 4:
      return tile<T, 4>;
    case 5:
      return tile<T, std::min(5, kRows)>;
    default:
      return tile<T, kRows>;
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
void small_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* packed, T* c, int64_t ldc,
                bool accumulate) {
  for (int64_t column = 0; column < n; column += kPanel<T>, packed += kPanel<T> * k) {
    const int64_t width = std::min(kPanel<T>, n - column);
    for (int64_t row = 0; row < m; row += kRows) {
      const Tile<T> run = tile_of<T>(std::min<int64_t>(kRows, m - row));
      run(k, a + row * lda, lda, packed, c + row * ldc + column, ldc, width, accumulate);
    }
  }
}

#define FOVEA_INSTANTIATE(T)                                                \
  template int64_t packed_size<T>(int64_t, int64_t);                        \
  template void pack<T>(bool, int64_t, int64_t, const T*, int64_t, T*);     \
  template void small_gemm<T>(int64_t, int64_t, int64_t, const T*, int64_t, \
                              const T*, T*, int64_t, bool);
FOVEA_INSTANTIATE(float)
FOVEA_INSTANTIATE(double)
#undef FOVEA_INSTANTIATE

}  // namespace fovea::kernels
