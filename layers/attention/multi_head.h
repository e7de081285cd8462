// Multi-head attention. Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2.
//
//   Q = q W_Qᵀ + b_Q,  K = k W_Kᵀ + b_K,  V = v W_Vᵀ + b_V                       (1)
//   A_h = softmax(Q_h K_hᵀ / √d)          head h: features h d .. (h+1) d         (2)
//   c_h = A_h V_h                                                                (3)
//   y = [c_1; ..; c_H] W_Oᵀ + b_O                                                (4)
//
//   symbol     shape                           meaning
//   q, k, v    [B, Tq, D] [B, Tk, Dk] [B, Tk, Dv]
//   Q, K, V    [B, H, T, d]                    projections; d = D / H
//   A          [B, H, Tq, Tk]                  weights; formed only where somebody asks for them or drops some
//   y          [B, Tq, D]
//
// Parameters are PyTorch's: in_proj_weight [3D, D] with the rows W_Q, W_K, W_V, or q_proj_weight, k_proj_weight,
// v_proj_weight where keys or values have another size; in_proj_bias [3D]; out_proj. (2) and (3) run fused
// (autograd/sdpa.h), in memory linear in T. Masks are those of mask.h, rank 4 for one a head; a row masked wholly has
// c = 0, and NaN in masked keys or values changes nothing. Errors: ShapeError, DTypeError; ValueError for sizes and
// heads that do not fit.
#pragma once

#include <fovea/layers/dropout.h>
#include <fovea/layers/linear.h>

#include <optional>

namespace fovea {

// K and V of (1), [B, H, Tk, d] each.
struct KeysValues {
  Tensor keys, values;
  template <class Visit>
  void tensors(Visit&& visit) {  // layers/state.h
    visit("keys", keys, 0), visit("values", values, 0);
  }
};

// What a decoder has seen so far, so that each new position is projected once. Off the tape: no gradient flows into
// cached positions.
class KeyValueCache {
 public:
  int64_t length() const { return length_; }
  // Adds Tq positions and returns all.
  KeysValues extend(const KeysValues& more);
  // Forgets all but the first `length` positions.
  void shorten(int64_t length);
  template <class Visit>
  void tensors(Visit&& visit) {  // layers/state.h
    visit("held", held_), visit("length", length_);
  }

 private:
  KeysValues held_;  // [B, H, capacity, d]
  int64_t length_ = 0;
};

struct MultiHeadOptions {
  int64_t size;                          // D
  int64_t heads;                         // H, which divides D
  int64_t key_size = 0, value_size = 0;  // Dk and Dv; 0: D
  bool bias = true;
  double dropout = 0;  // of A, in training mode
};

enum class HeadWeights { none, averaged, each };

struct MultiHeadCall {
  Tensor mask = {};
  bool causal = false;             // a query sees the keys up to its own position
  KeyValueCache* cache = nullptr;  // self-attention only: what came before, extended by this call
  HeadWeights weights = HeadWeights::none;
  Generator& generator = default_generator();
};

struct MultiHeadOutput {
  Tensor output;   // y
  Tensor weights;  // A [B, H, Tq, Tk], or its mean over the heads [B, Tq, Tk]
};

class MultiHeadAttention final : public Module {
 public:
  explicit MultiHeadAttention(const MultiHeadOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // Self-attention: q = k = v = x.
  MultiHeadOutput operator()(const Tensor& x, const MultiHeadCall& call = {}) const;
  MultiHeadOutput operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                             const MultiHeadCall& call = {}) const;
  // The same in two steps, for keys that many queries attend to.
  KeysValues project(const Tensor& key, const Tensor& value) const;
  MultiHeadOutput attend(const Tensor& query, const KeysValues& memory, const MultiHeadCall& call = {}) const;

  Parameter in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias;
  Linear out_proj;

 private:
  bool packed() const { return in_proj_weight.defined(); }
  Tensor project_part(const Tensor& x, int part) const;
  MultiHeadOutput read(const Tensor& queries, const KeysValues& memory, int64_t first, const MultiHeadCall& call) const;

  int64_t size_, heads_, key_size_, value_size_;
  Dropout dropout_;
};

}  // namespace fovea
