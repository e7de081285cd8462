// Attention is score, align, read: score the keys against the query, turn the scores into weights, read the values with
// the weights.
//
//   e = score(q, k)                                                              (1)
//   α = align(e, mask)                                                           (2)
//   c = read(α, v),   Σ_j α_j v_j unless another read is asked for               (3)
//
//   symbol   shape           meaning
//   q        [B, Tq, Dq]     query; [B, Dq] for one step of a decoder, and then the results lose Tq
//   k        [B, Tk, Dk]     keys
//   v        [B, Tk, Dv]     values; the keys themselves unless given
//   mask     see mask.h      true = may be attended
//   α        [B, Tq, Tk]     weights
//   c        [B, Tq, Dv]     context
//
// Any score goes with any alignment: Attention<AdditiveScore, Soft> is Bahdanau's; registry.h has all by name. In a
// decoder, what depends on the keys alone is prepared once:
//   const AttentionMemory memory = attention.prepare(keys, {}, padding_mask(lengths, T));
//   for (...) const auto [context, alignment] = attention(state, memory);
// A row that is masked wholly reads exact zeros, with zero gradient. Under a mask, a key or value that holds NaN or inf
// changes nothing for the rows that may not attend to it, and makes NaN of the rows that may; without a mask arithmetic
// does as it does. The weights can be collected by name (weights.h). Errors: ShapeError, DTypeError.
#pragma once

#include <fovea/autograd/non_finite.h>
#include <fovea/layers/attention/align/align.h>
#include <fovea/layers/attention/read/read.h>
#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/state.h>

#include <utility>

namespace fovea {

// What an attention keeps of a sequence. Made by `prepare`.
struct AttentionMemory {
  Tensor keys;        // as the score prepared them
  Tensor values;      // [B, Tk, Dv]
  Tensor mask;        // undefined: everything may be attended
  Tensor non_finite;  // bool [B, Tk, 1]: a key or value held NaN or inf; undefined when none did
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("keys", keys, 0), visit("values", values, 0), visit("mask", mask, 0);
    visit("non_finite", non_finite, 0);
  }
};

struct AttentionStep {
  // What may be attended in this call, on top of the memory's mask. Where that has none, what keys and values hold
  // under this one is kept from the result, but not from the gradient of the score's own weights.
  Tensor mask = {};
  int64_t offset = 0;  // position of the first query in its own sequence, for local-m
  Generator& generator = default_generator();
  Tensor previous = {};  // [B, Tk], weights of the query before, for ntm
};

template <class Outcome>
struct Attended {
  Tensor context;     // c [B, Tq, Dv]
  Outcome alignment;  // weights [B, Tq, Tk], and what else the alignment gives
};

namespace detail {
AttentionMemory attention_memory(const Module& layer, const Score& score, const Tensor& keys, const Tensor& values,
                                 const Tensor& mask);
// The same, made where a step brings the first mask.
AttentionMemory contained(const AttentionMemory& memory);
// The memory's mask and a step's in one, checked against the scores.
Tensor attention_mask(const Module& layer, const Tensor& query, const AttentionMemory& memory, const Tensor& mask,
                      const Tensor& scores);

// The whole of it, for queries [B, Tq, Dq]; with `heads` B counts those of each sequence.
template <class Aligning, class Reading>
Attended<typename Aligning::Outcome> attend(const Module& layer, const Score& score, const Aligning& align,
                                            const Reading& read, const Tensor& q, const AttentionMemory& prepared,
                                            const AttentionStep& step, int64_t heads = 0) {
  const bool first_mask = step.mask.defined() && !prepared.mask.defined();
  const AttentionMemory memory = first_mask ? contained(prepared) : prepared;
  const Tensor e = observed_scores(layer, score.compare(q, memory.keys), heads);  // (1) [B, Tq, Tk]
  const Tensor mask = attention_mask(layer, q, memory, step.mask, e);
  auto alpha = align.weigh({e, mask, q, step.offset, step.generator, step.previous});  // (2) [B, Tq, Tk]
  if (observing_attention()) set_weights(alpha, observed_weights(layer, weights_of(alpha), heads));
  Tensor c = read(alpha, memory.values);  // (3) [B, Tq, Dv]
  if (memory.non_finite.defined()) {
    const Tensor rows = non_finite_queries(mask, memory.non_finite);  // bool [B | 1, Tq | 1, 1]
    const auto shown = [&](const Tensor& x) { return with_nan(x, x.dim() == 3 ? rows : squeeze(rows, 2)); };
    for_each_tensor(alpha, [&](const StateName&, Tensor& x, int64_t) { x = shown(x); });
    c = shown(c);
  }
  return {std::move(c), std::move(alpha)};
}
}  // namespace detail

template <class Scoring, class Aligning, class Reading = WeightedSum>
class Attention final : public Module {
 public:
  using Outcome = typename Aligning::Outcome;

  explicit Attention(Scoring scoring, Aligning aligning = Aligning(), Reading reading = Reading())
      : score_(std::move(scoring)), align_(std::move(aligning)), read_(std::move(reading)) {}
  void members(Members& m) override { m("score", score_)("align", align_)("read", read_); }

  AttentionMemory prepare(const Tensor& keys, const Tensor& values = {}, const Tensor& mask = {}) const {
    return detail::attention_memory(*this, score_, keys, values, mask);
  }
  Attended<Outcome> operator()(const Tensor& query, const AttentionMemory& memory,
                               const AttentionStep& step = {}) const {
    const bool single = query.defined() && query.dim() == 2;
    auto [c, alpha] = detail::attend(*this, score_, align_, read_, single ? unsqueeze(query, 1) : query, memory, step);
    if (!single) return {std::move(c), std::move(alpha)};
    for_each_tensor(alpha, [](const StateName&, Tensor& x, int64_t) { x = squeeze(x, 1); });
    return {squeeze(c, 1), std::move(alpha)};
  }
  // All at once.
  Attended<Outcome> operator()(const Tensor& query, const Tensor& keys, const Tensor& values = {},
                               const Tensor& mask = {}) const {
    return (*this)(query, prepare(keys, values, mask));
  }

  const Scoring& score() const { return score_; }
  const Aligning& align() const { return align_; }
  Scoring& score() { return score_; }
  Aligning& align() { return align_; }

 private:
  Scoring score_;
  Aligning align_;
  Reading read_;
};

}  // namespace fovea
