// The columns of b are cut into panels of kPanel, the rows of a into slivers of up to kHeight, and both into pieces of
// depth. All panels of a piece are packed and stay in the second cache; a sliver is packed and stays in the first one
// while it meets the panels. What is read once or lies well in memory is not packed.
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/kernels/tiled_gemm.h>
#include <fovea/core/kernels/transpose.h>
#include <fovea/core/parallel.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fovea::kernels {
namespace {

using namespace tile;

constexpr int kHeight = kVectorBytes == 64 ? 14 : kVectorBytes == 32 ? 6 : 4;
constexpr int64_t kDepth = 384, kColumns = 512;  // most of a piece that is packed at a time
constexpr int64_t kRowStep = kDepth + 16;        // of a packed row of a: not a power of two, which caches dislike

int64_t divide_up(int64_t n, int64_t by) { return (n + by - 1) / by; }

// out(p, i) = x(p, i), rows of x `stride` apart.
template <class T, int width>
void copy_lines(const T* x, int64_t stride, int64_t depth, T* out) {
  for (int64_t p = 0; p < depth; ++p) std::memcpy(out + p * width, x + p * stride, width * sizeof(T));
}

// out(p, i) = x(i, p) for i < count, else 0.
template <class T, int width>
void turn_lines(const T* x, int64_t stride, int64_t depth, int64_t count, T* out) {
  using Vector = typename Lanes<T>::Vector;
  constexpr int lanes = kLanes<T>;
  int64_t p = 0;
  for (; p + lanes <= depth; p += lanes)
    for (int first = 0; first < width; first += lanes) {
      Vector square[lanes] = {};
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i)
        if (first + i < count) std::memcpy(&square[i], x + (first + i) * stride + p, sizeof(Vector));
      transpose<T>(square);
#pragma GCC unroll 16
      for (int i = 0; i < lanes; ++i) std::memcpy(out + (p + i) * width + first, &square[i], sizeof(Vector));
    }
  for (; p < depth; ++p)
    for (int i = 0; i < width; ++i) out[p * width + i] = i < count ? x[i * stride + p] : T(0);
}

// A panel of `width` columns, of which b has `count`.
template <class T, int width>
void pack_panel(bool transposed, const T* x, int64_t stride, int64_t depth, int64_t count, T* out) {
  if (transposed) return turn_lines<T, width>(x, stride, depth, count, out);
  if (count == width) return copy_lines<T, width>(x, stride, depth, out);
  for (int64_t p = 0; p < depth; ++p)
    for (int i = 0; i < width; ++i) out[p * width + i] = i < count ? x[p * stride + i] : T(0);
}

template <class T, int rows>
void pack_sliver(const Matrix<T>& a, int64_t row, int64_t p, int64_t depth, T* out) {
  if (a.transposed) return copy_lines<T, rows>(a.data + p * a.stride + row, a.stride, depth, out);
  for (int i = 0; i < rows; ++i) std::copy_n(a.data + (row + i) * a.stride + p, depth, out + i * kRowStep);
}

// Rows of a and c, and the panels they meet: element (i, p) of a is a[i * a_row + p * a_column]; row p of a panel is
// b + p * b_row. The last panel lies at `edge` if it is not full.
template <class T>
struct Sliver {
  int64_t depth;
  const T* a;
  int64_t a_row, a_column;
  const T* b;
  int64_t b_panel, b_row;
  const T* edge;
  T* c;
  int64_t c_row, columns;
  bool add;
};

template <class T, int rows, int vectors>
inline void multiply_tile(const Sliver<T>& s, const T* b, int64_t b_row, T* c, int64_t c_row, bool add) {
  using Vector = typename Lanes<T>::Vector;
  constexpr int lanes = kLanes<T>;
  Vector sum[rows][vectors] = {};
  const T* a = s.a;
  const int64_t depth = s.depth, a_row = s.a_row, a_column = s.a_column;
  for (int64_t p = 0; p < depth; ++p, a += a_column, b += b_row) {
    Vector x[vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) std::memcpy(&x[j], b + j * lanes, sizeof(Vector));
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; ++j) sum[i][j] += a[i * a_row] * x[j];
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) {
      T* to = c + i * c_row + j * lanes;
      Vector before = {};
      if (add) std::memcpy(&before, to, sizeof(Vector));
      before += sum[i][j];
      std::memcpy(to, &before, sizeof(Vector));
    }
}

template <class T, int rows, int vectors>
[[gnu::noinline]] void multiply_edge(const Sliver<T>& s, int64_t column, int64_t count) {
  constexpr int width = vectors * kLanes<T>;
  T whole[rows * width];
  multiply_tile<T, rows, vectors>(s, s.edge, width, whole, width, false);
  for (int i = 0; i < rows; ++i) {
    const T* from = whole + i * width;
    T* to = s.c + i * s.c_row + column;
    if (s.add) {
      for (int64_t j = 0; j < count; ++j) to[j] += from[j];
    } else {
      for (int64_t j = 0; j < count; ++j) to[j] = from[j];
    }
  }
}

template <class T, int rows>
void multiply(const Sliver<T>& s) {
  int64_t column = 0;
  for (const T* b = s.b; column + kPanel<T> <= s.columns; column += kPanel<T>, b += s.b_panel)
    multiply_tile<T, rows, kVectors>(s, b, s.b_row, s.c + column, s.c_row, s.add);
  const int64_t rest = s.columns - column;
  if (rest > kLanes<T>) return multiply_edge<T, rows, kVectors>(s, column, rest);
  if (rest > 0) multiply_edge<T, rows, 1>(s, column, rest);
}

// The functions for slivers of each height.
template <class T>
struct ByHeight {
  void (*multiply[kHeight + 1])(const Sliver<T>&);
  void (*pack[kHeight + 1])(const Matrix<T>&, int64_t, int64_t, int64_t, T*);
};
template <class T, int... i>
constexpr ByHeight<T> by_height(std::integer_sequence<int, i...>) {
  return {{nullptr, multiply<T, i + 1>...}, {nullptr, pack_sliver<T, i + 1>...}};
}
template <class T>
constexpr ByHeight<T> kByHeight = by_height<T>(std::make_integer_sequence<int, kHeight>());

template <class T>
class Product {
 public:
  Product(int64_t m, int64_t n, int64_t k, const Matrix<T>& a, const Matrix<T>& b, T* c, int64_t c_stride,
          bool parallel)
      : m_(m),
        n_(n),
        k_(k),
        a_(a),
        b_(b),
        c_(c),
        c_stride_(c_stride),
        threads_(parallel && !in_parallel() ? num_threads() : 1),
        piece_(divide_up(divide_up(k, divide_up(k, kDepth)), 16) * 16),
        slivers_(divide_up(m, kHeight)),
        packed_(divide_up(std::min(n, kColumns), kPanel<T>) * kPanel<T> * piece_) {
    const int64_t depth = std::min(k, piece_), bytes = sizeof(T);
    a_in_place_ =
        n <= 2 * kPanel<T> && (a.transposed ? depth * a.stride * bytes <= 64 << 10 : a.stride * bytes % 2048 != 0);
    b_in_place_ = !b.transposed && (m <= 2 * kHeight || depth * b.stride * bytes <= 32 << 10);
  }

  void run(bool accumulate) const {
    for (int64_t left = 0; left < n_; left += kColumns)
      for (int64_t p = 0; p < k_; p += piece_)
        add_piece(left, std::min(kColumns, n_ - left), p, std::min(piece_, k_ - p), accumulate || p > 0);
  }

 private:
  // Pieces for the threads: the more there are, the less one waits for another.
  int64_t grain(int64_t count) const { return threads_ == 1 ? count : divide_up(count, 4 * threads_); }

  void add_piece(int64_t left, int64_t columns, int64_t p, int64_t depth, bool add) const {
    const int64_t panels = divide_up(columns, kPanel<T>), full = columns / kPanel<T>;
    const int64_t first = b_in_place_ ? full : 0;
    parallel_for(panels - first, grain(panels - first), [&](int64_t begin, int64_t end) {
      for (int64_t j = first + begin; j < first + end; ++j)
        pack(left + j * kPanel<T>, std::min(kPanel<T>, columns - j * kPanel<T>), p, depth, panel(j, depth));
    });
    // Few rows are cut along the columns too.
    const int64_t cuts =
        slivers_ >= 2 * threads_ || threads_ == 1 ? 1 : std::min(panels, divide_up(2 * threads_, slivers_));
    parallel_for(slivers_ * cuts, grain(slivers_ * cuts), [&](int64_t begin, int64_t end) {
      const Scratch<T> sliver(kHeight * kRowStep);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t from = panels * (i % cuts) / cuts, to = panels * (i % cuts + 1) / cuts;
        const int64_t row = m_ * (i / cuts) / slivers_, rows = m_ * (i / cuts + 1) / slivers_ - row;
        const int64_t column = left + from * kPanel<T>;
        Sliver<T> s{depth,
                    sliver.get(),
                    a_.transposed ? 1 : kRowStep,
                    a_.transposed ? rows : 1,
                    panel(from, depth),
                    kPanel<T> * depth,
                    kPanel<T>,
                    panel(full, depth),
                    c_ + row * c_stride_ + column,
                    c_stride_,
                    std::min(to * kPanel<T>, columns) - from * kPanel<T>,
                    add};
        if (b_in_place_) s.b = b_.data + p * b_.stride + column, s.b_panel = kPanel<T>, s.b_row = b_.stride;
        if (!a_in_place_) {
          kByHeight<T>.pack[rows](a_, row, p, depth, sliver.get());
        } else if (a_.transposed) {
          s.a = a_.data + p * a_.stride + row, s.a_column = a_.stride;
        } else {
          s.a = a_.data + row * a_.stride + p, s.a_row = a_.stride;
        }
        kByHeight<T>.multiply[rows](s);
      }
    });
  }

  T* panel(int64_t j, int64_t depth) const { return packed_.get() + j * kPanel<T> * depth; }

  void pack(int64_t column, int64_t count, int64_t p, int64_t depth, T* out) const {
    const T* x = b_.data + (b_.transposed ? column * b_.stride + p : p * b_.stride + column);
    if (count > kLanes<T>) return pack_panel<T, kPanel<T>>(b_.transposed, x, b_.stride, depth, count, out);
    pack_panel<T, kLanes<T>>(b_.transposed, x, b_.stride, depth, count, out);
  }

  int64_t m_, n_, k_;
  Matrix<T> a_, b_;
  T* c_;
  int64_t c_stride_, threads_, piece_, slivers_;
  bool a_in_place_, b_in_place_;
  Scratch<T> packed_;
};

}  // namespace

template <class T>
void tiled_gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* c, int64_t c_stride, bool accumulate,
                bool parallel) {
  Product<T>(m, n, k, a, b, c, c_stride, parallel).run(accumulate);
}

template void tiled_gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float*, int64_t, bool, bool);
template void tiled_gemm(int64_t, int64_t, int64_t, Matrix<double>, Matrix<double>, double*, int64_t, bool, bool);

}  // namespace fovea::kernels
