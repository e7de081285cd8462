// Products of a few rows with a matrix that is used many times: the matrix is packed once, then
//   c [m, n] = a [m, k] B [k, n]   or   c += a B
// runs without the set-up that a BLAS call pays each time. An element of c is one chain of multiply-adds over k in
// rising order, whatever m is and wherever its row stands, so cutting the rows into blocks changes no bit.
// f32 and f64. Serial: the caller cuts rows among threads.
#pragma once

#include <fovea/core/blocks.h>

#include <cstdint>

namespace fovea::kernels {

// Elements that B [k, n] takes when packed; the buffer must be aligned to 64 bytes.
template <class T>
int64_t packed_size(int64_t k, int64_t n);

// Packs op(b), which is b [k, n] or, if `transposed`, the transpose of b [n, k]; rows of b are ldb apart.
template <class T>
void pack(bool transposed, int64_t k, int64_t n, const T* b, int64_t ldb, T* packed);

// Element (i, p) of a is a[i * a_row + p * a_column], so that a may be transposed; rows of c are ldc apart. With
// `accumulate` the product is added to c.
template <class T>
void small_gemm(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_column, const T* packed, T* c,
                int64_t ldc, bool accumulate);

// Memory of `count` elements for the time of a kernel; not initialised, aligned to 64 bytes.
template <class T>
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : data_(static_cast<T*>(allocate_block(detail::to_size(count * static_cast<int64_t>(sizeof(T))), &capacity_))) {}
  ~Scratch() { free_block(data_, capacity_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* get() const { return data_; }

 private:
  size_t capacity_ = 0;
  T* data_;
};

// A packed matrix B [k, n] and its products.
template <class T>
class Packed {
 public:
  Packed(bool transposed, int64_t k, int64_t n, const T* b, int64_t ldb) : k_(k), n_(n), data_(packed_size<T>(k, n)) {
    pack(transposed, k, n, b, ldb, data_.get());
  }
  // c [m, n] = a B, or c += a B; rows of a are a_row apart.
  void multiply(int64_t m, const T* a, int64_t a_row, T* c, int64_t ldc, bool accumulate) const {
    small_gemm(m, n_, k_, a, a_row, 1, data_.get(), c, ldc, accumulate);
  }

 private:
  int64_t k_, n_;
  Scratch<T> data_;
};

}  // namespace fovea::kernels
