// Attention is score, align, read: score the keys against the query, turn the scores into weights, read the values with
// the weights.
//
//   e = score(q, k)                                                              (1)
//   α = align(e, mask)                                                           (2)
//   c = Σ_j α_j v_j                                                              (3)
//
//   symbol   shape           meaning
//   q        [B, Tq, Dq]     query; [B, Dq] for one step of a decoder, and then the results lose Tq
//   k        [B, Tk, Dk]     keys
//   v        [B, Tk, Dv]     values; the keys themselves unless given
//   mask     see mask.h      true = may be attended
//   α        [B, Tq, Tk]     weights
//   c        [B, Tq, Dv]     context
//
// Any score goes with any alignment: Attention<AdditiveScore, Soft> is Bahdanau's. In a decoder, what depends on the
// keys alone is prepared once:
//   const AttentionMemory memory = attention.prepare(keys, {}, padding_mask(lengths, T));
//   for (...) const auto [context, alignment] = attention(state, memory);
// A row that is masked wholly reads exact zeros, with zero gradient. A key or value that holds NaN or inf changes
// nothing for the rows that may not attend to it, and makes NaN of the rows that may. The weights can be collected by
// name (weights.h). Errors: ShapeError, DTypeError.
#pragma once

#include <fovea/layers/attention/align/align.h>
#include <fovea/layers/attention/score/score.h>

#include <type_traits>
#include <utility>

namespace fovea {

// What an attention keeps of a sequence. Made by `prepare`.
struct AttentionMemory {
  Tensor keys;     // as the score prepared them
  Tensor values;   // [B, Tk, Dv]
  Tensor mask;     // undefined: everything may be attended
  Tensor damaged;  // bool [B, 1, Tk]: a key or value held NaN or inf; undefined when none did
  template <class Visit>
  void tensors(Visit&& visit) {  // layers/state.h
    visit("keys", keys, 0), visit("values", values, 0), visit("mask", mask, 0), visit("damaged", damaged, 0);
  }
};

struct AttentionStep {
  Tensor mask = {};   // what may be attended in this call, on top of the memory's mask
  int64_t first = 0;  // position of the first query, for local-m
  Generator& generator = default_generator();
  double expectation = 0;  // ε of hard.h
};

struct Attended {
  Tensor context;       // [B, Tq, Dv]
  Alignment alignment;  // weights [B, Tq, Tk], and what else the alignment has to say
};

class BasicAttention : public Module {
 public:
  virtual const Score& score() const = 0;
  virtual const Align& align() const = 0;

  AttentionMemory prepare(const Tensor& keys, const Tensor& values = {}, const Tensor& mask = {}) const;
  Attended operator()(const Tensor& query, const AttentionMemory& memory, const AttentionStep& step = {}) const;
  // (1) and (2) alone, for those that need no context (pointer networks).
  Alignment point(const Tensor& query, const AttentionMemory& memory, const AttentionStep& step = {}) const;
  // All at once.
  Attended operator()(const Tensor& query, const Tensor& keys, const Tensor& values = {},
                      const Tensor& mask = {}) const {
    return (*this)(query, prepare(keys, values, mask));
  }
};

template <class Scoring, class Aligning>
class Attention final : public BasicAttention {
  static_assert(std::is_base_of_v<Score, Scoring> && std::is_base_of_v<Align, Aligning>);

 public:
  explicit Attention(Scoring scoring, Aligning aligning = Aligning())
      : score_(std::move(scoring)), align_(std::move(aligning)) {}
  void members(Members& m) override { m("score", score_)("align", align_); }
  const Scoring& score() const override { return score_; }
  const Aligning& align() const override { return align_; }
  Scoring& score() { return score_; }
  Aligning& align() { return align_; }

 private:
  Scoring score_;
  Aligning align_;
};

}  // namespace fovea
