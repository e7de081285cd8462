// Multi-head attention. Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2; here with any score and any alignment.
//
//   Q = q W_Qᵀ + b_Q,  K = k W_Kᵀ + b_K,  V = v W_Vᵀ + b_V                       (1)
//   A_h = align(score(Q_h, K_h))           head h: features h d .. (h+1) d        (2)
//   c_h = A_h V_h                                                                (3)
//   y = [c_1; ..; c_H] W_Oᵀ + b_O                                                (4)
//
//   symbol     shape                           meaning
//   q, k, v    [B, Tq, D] [B, Tk, Dk] [B, Tk, Dv]
//   Q, K, V    [B, H, T, d]                    projections; d = D / H
//   A          [B, H, Tq, Tk]                  weights
//   y          [B, Tq, D]
//
// MultiHeadAttention is the paper's, softmax(Q_h K_hᵀ / √d): (2) and (3) run fused (autograd/sdpa.h), in memory linear
// in T, and A is formed only where somebody asks for it or drops some of it. Any other pair acts on heads that are
// folded into the batch, [B H, T, d]; its score and alignment are the same for all heads, for queries and keys of d:
//   MultiHead<AdditiveScore, Soft> heads({.embed_dim = 64, .heads = 4}, AdditiveScore(16, 16, 16));
// Parameters are PyTorch's: in_proj_weight [3D, D] with the rows W_Q, W_K, W_V, or q_proj_weight, k_proj_weight,
// v_proj_weight where keys or values have another size; in_proj_bias [3D]; out_proj. Masks are those of mask.h, rank 4
// for one a head; NaN and wholly masked rows as in attention.h. Errors: ShapeError, DTypeError; ValueError for sizes.
#pragma once

#include <fovea/autograd/sdpa.h>
#include <fovea/layers/attention/align/soft.h>
#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/key_value_cache.h>
#include <fovea/layers/attention/score/scaled_dot.h>
#include <fovea/layers/dropout.h>
#include <fovea/layers/linear.h>

namespace fovea {

struct MultiHeadOptions {
  int64_t embed_dim;                     // D
  int64_t heads;                         // H, which divides D
  int64_t key_size = 0, value_size = 0;  // Dk and Dv; 0: D
  bool bias = true;
  double dropout = 0;  // of A, in training mode
};

struct MultiHeadCall {
  Tensor mask = {};
  bool causal = false;             // a query sees the keys up to its own position
  KeyValueCache* cache = nullptr;  // self-attention only: what came before, extended by this call
  bool need_weights = false;
  Generator& generator = default_generator();
};

// (1) and (4), and the masks: all but the attention of the heads.
class HeadProjections : public Module {
 public:
  void members(Members& m) override;
  // K and V of (1), for keys that many queries attend to. `masked`: some may be masked.
  KeysValues project(const Tensor& key, const Tensor& value, bool masked = true) const;

  Parameter in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias;
  Linear out_proj;

 protected:
  HeadProjections(const MultiHeadOptions& options, Generator& generator);
  struct Projected {
    Tensor queries;     // [B, H, Tq, d]
    KeysValues memory;  // with what the cache held
    SdpaOptions seen;   // masks, and where query 0 stands among the keys
  };
  Projected project_self(const Tensor& x, const MultiHeadCall& call) const;                                 // (1)
  Projected project_query(const Tensor& query, const KeysValues& memory, const MultiHeadCall& call) const;  // (1)
  Tensor join(const Tensor& context) const;                                                                 // (4)
  // Heads as a batch: [B, H, ..] -> [B H, ..] and back; the masks of `in` likewise.
  static Tensor fold(const Tensor& x) { return flatten(x, 0, 1); }
  Tensor unfold(const Tensor& x) const;
  Tensor fold_mask(const Projected& in) const;
  bool drops() const { return training() && dropout_.probability() > 0; }

  int64_t embed_dim_, heads_, key_size_, value_size_;
  Dropout dropout_;

 private:
  bool packed() const { return in_proj_weight.defined(); }
  // N parts of (1) from `first` on; 0, 1, 2: Q, K, V.
  template <size_t N>
  std::array<Tensor, N> parts_of(const Tensor& x, int first, bool masked) const;
  SdpaOptions checked_mask(const Tensor& queries, const Tensor& keys, int64_t offset, const MultiHeadCall& call) const;
};

template <class Outcome>
struct MultiHeadOutput {
  Tensor output;      // y
  Outcome alignment;  // weights A [B, H, Tq, Tk]; undefined where the fused op ran
};

template <class Scoring, class Aligning>
class MultiHead final : public HeadProjections {
 public:
  using Outcome = typename Aligning::Outcome;
  using Output = MultiHeadOutput<Outcome>;
  static constexpr bool fused = std::is_same_v<Scoring, ScaledDotScore> && std::is_same_v<Aligning, Soft>;

  explicit MultiHead(const MultiHeadOptions& options, Generator& generator = default_generator())
      : MultiHead(options, Scoring(), Aligning(), generator) {}
  MultiHead(const MultiHeadOptions& options, Scoring scoring, Aligning aligning = Aligning(),
            Generator& generator = default_generator())
      : HeadProjections(options, generator), score_(std::move(scoring)), align_(std::move(aligning)) {}
  void members(Members& m) override {
    HeadProjections::members(m);
    m("score", score_)("align", align_);
  }

  // Self-attention: q = k = v = x.
  Output operator()(const Tensor& x, const MultiHeadCall& call = {}) const {
    return heads(project_self(x, call), call);
  }
  Output operator()(const Tensor& query, const Tensor& key, const Tensor& value, const MultiHeadCall& call = {}) const {
    return attend(query, project(key, value, call.mask.defined()), call);
  }
  Output attend(const Tensor& query, const KeysValues& memory, const MultiHeadCall& call = {}) const {
    return heads(project_query(query, memory, call), call);
  }

 private:
  Output heads(const Projected& in, const MultiHeadCall& call) const {
    const auto& [Q, memory, masked] = in;
    const auto& [K, V] = memory;
    const auto dropped = [&](const Tensor& A) { return dropout_(A, call.generator); };
    if constexpr (fused) {
      const SdpaOptions seen{masked.mask, masked.causal, masked.offset, score_.scale()};
      if (!drops() && !call.need_weights && !observing_attention())
        return {join(scaled_dot_product_attention(Q, K, V, seen)), {}};  // (2), (3) [B, H, Tq, d]; (4)
      const auto scores = [this](const Tensor& e) { return observed_scores(*this, e); };
      const auto weights = [&](const Tensor& A) { return dropped(observed_weights(*this, A)); };
      const auto [c, A] = plain_sdpa(Q, K, V, seen, {scores, weights});  // (2), (3) [B, H, Tq, d]
      return {join(c), {call.need_weights ? A : Tensor()}};              // (4) [B, Tq, D]
    } else {
      const auto read = [&](const Outcome& A, const Tensor& values) { return matmul(dropped(weights_of(A)), values); };
      const AttentionMemory folded = detail::attention_memory(*this, score_, fold(K), fold(V), fold_mask(in));
      auto [c, A] = detail::attend(*this, score_, align_, read, fold(Q), folded,
                                   {.offset = masked.offset, .generator = call.generator},
                                   heads_);  // (2), (3) [B H, Tq, d]
      for_each_tensor(A, [&](const StateName&, Tensor& x, int64_t) { x = unfold(x); });
      return {join(unfold(c)), std::move(A)};  // (4) [B, Tq, D]
    }
  }

  Scoring score_;
  Aligning align_;
};

using MultiHeadAttention = MultiHead<ScaledDotScore, Soft>;

}  // namespace fovea
