// Scaled dot-product attention.        Vaswani et al. 2017, arXiv 1706.03762, equation 1; in tiles as Dao et al. 2022,
// arXiv 2205.14135.
//
//   A = softmax(q kᵀ / √d)      over the keys that may be attended
//   y = A v
//
//   symbol   shape             meaning
//   q        [B, H, Tq, d]     queries
//   k        [B, H, Tk, d]     keys
//   v        [B, H, Tk, dv]    values
//   y        [B, H, Tq, dv]    what each query reads
//
// A row that may attend to nothing reads exact zeros, with zero gradient. Under a mask, a key or value that holds NaN
// or inf changes nothing, bit by bit, for the rows that may not attend to it; rows that may are NaN (non_finite.h).
// Errors: ShapeError, DTypeError. Views with adjacent features (a packed projection) are read where they lie. Same bits
// for any number of threads.
#pragma once

#include <fovea/core/tensor.h>

#include <functional>

namespace fovea {

struct SdpaOptions {
  Tensor mask = {};     // bool, true = may be attended, broadcasts to [B, H, Tq, Tk]; undefined: everything may be
  bool causal = false;  // and only the keys up to the query's own position, offset + i
  int64_t offset = 0;   // position of query 0 among the keys
  double scale = 0;     // of q kᵀ, in place of 1 / √d; 0: that
};

// Fused: neither scores nor weights are ever held as Tq x Tk, forward or backward; kept are y and one number a row.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options = {});

// The formula in ops, which forms A. What changes the scores acts before mask and softmax, what changes the weights
// (dropout) before they read.
struct SdpaChanges {
  std::function<Tensor(const Tensor&)> scores{}, weights{};
};
struct WeighedValues {
  Tensor context;  // y
  Tensor weights;  // A [B, H, Tq, Tk], before a change
};
WeighedValues plain_sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options = {},
                         const SdpaChanges& change = {});

}  // namespace fovea
