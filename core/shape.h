// Shape: up to eight sizes (or strides) kept inline, so that describing a tensor never allocates.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace fovea {

inline constexpr int kMaxRank = 8;

class Shape {
 public:
  Shape() : sizes_{} {}
  Shape(const Shape& other) : rank_(other.rank_) { copy_sizes(other); }
  Shape& operator=(const Shape& other) {
    rank_ = other.rank_;
    copy_sizes(other);
    return *this;
  }
  Shape(std::initializer_list<int64_t> sizes) : Shape(std::span<const int64_t>(sizes.begin(), sizes.size())) {}
  // Throws ShapeError above rank 8.
  explicit Shape(std::span<const int64_t> sizes) : rank_(checked_rank(sizes.size())), sizes_{} {
    for (int i = 0; i < rank_; ++i) sizes_[i] = sizes[i];
  }
  // `rank` entries, all `value`.
  static Shape filled(int rank, int64_t value) {
    Shape shape;
    shape.rank_ = checked_rank(static_cast<size_t>(rank));
    for (int i = 0; i < rank; ++i) shape.sizes_[i] = value;
    return shape;
  }

  int rank() const { return rank_; }
  int64_t operator[](int i) const { return sizes_[i]; }
  int64_t& operator[](int i) { return sizes_[i]; }
  int64_t back() const { return sizes_[rank_ - 1]; }
  const int64_t* begin() const { return sizes_; }
  const int64_t* end() const { return sizes_ + rank_; }
  std::span<const int64_t> span() const { return {sizes_, static_cast<size_t>(rank_)}; }

  // The product of the sizes; 1 for rank 0.
  int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= sizes_[i];
    return n;
  }
  bool operator==(const Shape& other) const {
    if (rank_ != other.rank_) return false;
    for (int i = 0; i < rank_; ++i)
      if (sizes_[i] != other.sizes_[i]) return false;
    return true;
  }

  void append(int64_t size) {
    checked_rank(static_cast<size_t>(rank_) + 1);
    sizes_[rank_++] = size;
  }
  void insert(int at, int64_t size) {
    append(0);
    for (int i = rank_ - 1; i > at; --i) sizes_[i] = sizes_[i - 1];
    sizes_[at] = size;
  }
  void erase(int at) {
    for (int i = at; i + 1 < rank_; ++i) sizes_[i] = sizes_[i + 1];
    --rank_;
  }
  // "[2, 3]"
  std::string str() const;

 private:
  static int checked_rank(size_t rank) {
    if (rank > static_cast<size_t>(kMaxRank)) throw_rank(rank);
    return static_cast<int>(rank);
  }
  [[noreturn]] static void throw_rank(size_t rank);
  // The first half always, in two vectors; the rest only where it is used, which is seldom.
  void copy_sizes(const Shape& other) {
    for (int i = 0; i < kMaxRank / 2; ++i) sizes_[i] = other.sizes_[i];
    if (rank_ > kMaxRank / 2) [[unlikely]]
      for (int i = kMaxRank / 2; i < rank_; ++i) sizes_[i] = other.sizes_[i];
  }

  int rank_ = 0;
  int64_t sizes_[kMaxRank];
};

// Which dimensions an op goes over: one, or a list of them; negative: from the back.
struct Dims {
  Dims() = default;
  Dims(int64_t dim) : list{dim} {}
  Dims(int dim) : list{dim} {}
  Dims(std::initializer_list<int64_t> dims) : list(dims) {}
  Shape list;  // as given; empty: all
};

// The product of the sizes of what shall be a tensor's shape; ShapeError names `op` if one is negative or the product,
// zeros left out, is beyond 2^56: no offset may overflow.
int64_t checked_numel(std::string_view op, const Shape& shape);
// Strides of a row-major array of this shape, in elements.
inline Shape contiguous_strides(const Shape& shape) {
  Shape strides = shape;
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride *= shape[i] > 0 ? shape[i] : 1;
  }
  return strides;
}
// `dim` counted from the front (negative: from the back); IndexError names `op` when outside [-rank, rank).
int normalize_dim(std::string_view op, int64_t dim, int rank);
// The same where rank 0, which ops take for one dimension of size 1, has none.
int existing_dim(std::string_view op, int64_t dim, int rank);
// The common shape under NumPy broadcasting; ShapeError names `op` and both shapes.
Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);

}  // namespace fovea
