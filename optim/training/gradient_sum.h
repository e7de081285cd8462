// The sum of a step's gradients over all micro-batches, in one order whoever computes them.
//
//   g_0 + g_1   g_2 + g_3   g_4 + g_5   g_6 + g_7          micro-batches 0 ... M - 1, M a power of two
//        \       /               \       /
//         + ... +                 + ... +                  pairs of pairs
//               \_________________/
//
// Of R ranks, R a power of two that divides M, rank r has micro-batches r M/R ... (r + 1) M/R - 1: a subtree, which it
// sums itself. At level l above it ranks r and r ^ 2^l swap their sums and both add them (recursive doubling); of a
// large bucket each sends half and adds the other, at the next level half of that half, and what is summed goes back
// the same way (recursive halving, then doubling: 2 (1 - 1/R) times the bytes in place of log2(R) times). a + b is b +
// a to the bit, so all ranks have the bits that one rank has that sums the whole tree.
//
// Gradients lie in buckets, one after another from the last parameter to the first. A bucket is under way as soon as
// the last of this rank's micro-batches has given its gradients to it, while the backward of the layers below goes on.
//
//   sum.begin();                                                             // for each step
//   for (i = 0; i < sum.count(); ++i) sum.add(losses[sum.first() + i], n_i, numbers);   // backward of n_i * loss
//   numbers = sum.finish();                                                  // waits for the other ranks
//   sum.give(scale);                                       // parameters' gradients are scale * sum
//
// Numbers are f64 and summed alike. A parameter that has a gradient in some micro-batch has one on all ranks
// afterwards; others have none. Errors: ValueError for micro-batches or ranks that are no powers of two, or more ranks
// than micro-batches. Cost: log2(M/R) + 3 copies of the gradients; log2(R) messages a bucket. Threads: of one.
#pragma once

#include <fovea/core/tensor.h>
#include <fovea/optim/training/ranks.h>

#include <vector>

namespace fovea {

class GradientSum {
 public:
  struct Options {
    int64_t bucket_bytes = int64_t{1} << 22;
    int64_t halve_bytes = int64_t{1} << 16;  // of a bucket that is large
    bool early = true;                       // buckets go while backward goes on
  };
  struct Part {
    int64_t begin, end;  // elements
    int64_t size() const { return end - begin; }
  };
  // Refers to the ranks. `numbers`: how many there are.
  GradientSum(std::vector<Tensor> parameters, int64_t micro_batches, Ranks& ranks, size_t numbers, Options options);

  int64_t first() const { return first_; }  // micro-batch of this rank, and how many it has
  int64_t count() const { return count_; }

  void begin();
  // One micro-batch: the backward of factor * loss, and its numbers. Without a loss: gradients of zero.
  void add(const Tensor& loss, double factor, const std::vector<double>& numbers);
  std::vector<double> finish();
  void give(double scale);  // views of what is summed, which the next begin() overwrites

 private:
  struct Slot {
    size_t parameter;
    int64_t begin, end;  // in the bucket, elements
  };
  struct Bucket {
    std::vector<Slot> slots{};
    Tensor fresh{}, theirs{};     // what this micro-batch gave; what the partner's sum is
    std::vector<Tensor> sums{};   // by level of the rank's own tree; the last: what is sent
    size_t missing = 0;           // parameters whose gradient is still to come
    int64_t turn = 0, swap = -1;  // between ranks; -1: none under way
    bool sent = false;
  };
  Bucket bucket(int64_t size, DType dtype) const;
  void ready(size_t parameter);
  void complete(Bucket& bucket);
  struct Parts {
    Part mine, theirs;
  };
  Parts parts_at(int64_t size, int64_t level) const;
  bool advance(size_t number, bool wait);

  std::vector<Tensor> parameters_;
  Ranks& ranks_;
  Options options_;
  int64_t levels_, first_ = 0, count_ = 0, added_ = 0;  // levels of a rank's own tree
  std::vector<Bucket> buckets_{};                       // the last: numbers, and in how many there are gradients
  std::vector<size_t> bucket_of_;                       // by parameter
  std::vector<bool> here_;                              // whether this micro-batch gave it
};

}  // namespace fovea
