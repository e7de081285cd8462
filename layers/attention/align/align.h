// Align: turns scores into weights; the second of the three parts of an attention (attention.h).
//   scores [B, Tq, Tk], mask -> weights [B, Tq, Tk], exactly 0 where the mask is false, 0 in a row that is masked
//   wholly
// What an alignment gives has a type: Weights; Drawn, of one that draws a key; LogWeights, of one whose weights are the
// answer. A new alignment derives from AlignTo<that type> and writes `weigh`; what it needs beside the scores it owns
// (an epsilon, a temperature, a window). Alignments that draw numbers do so in training mode only and take them from
// `generator`.
#pragma once

#include <fovea/layers/check.h>

#include <variant>

namespace fovea {

struct AlignInput {
  const Tensor& scores;  // [B, Tq, Tk]
  const Tensor& mask;    // broadcasts to scores; undefined: everything may be attended
  const Tensor& query;   // [B, Tq, Dq]; undefined unless the alignment asks for it
  int64_t offset = 0;    // position of query 0 in its own sequence
  Generator& generator = default_generator();
  Tensor previous = {};  // [B, Tk], weights of the query before query 0; undefined: there is none
};

struct Weights {
  Tensor weights;  // [B, Tq, Tk]
  // As a state lists its tensors (layers/state.h).
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("weights", weights, 0);
  }
};

struct Drawn : Weights {
  Tensor choice;           // i64 [B, Tq], the key that was drawn
  Tensor log_probability;  // [B, Tq], of the choice
  Tensor entropy;          // [B, Tq], of what it was drawn from
  template <class Visit>
  void tensors(Visit&& visit) {
    Weights::tensors(visit);
    visit("choice", choice, 0), visit("log_probability", log_probability, 0), visit("entropy", entropy, 0);
  }
};

struct LogWeights : Weights {
  Tensor log_weights;  // [B, Tq, Tk], -inf where masked
  template <class Visit>
  void tensors(Visit&& visit) {
    Weights::tensors(visit);
    visit("log_weights", log_weights, 0);
  }
};

// Of an alignment chosen while the program runs: std::get_if<Drawn>(&outcome) tells whether it drew.
struct AnyOutcome : std::variant<Weights, Drawn, LogWeights> {
  using variant::variant;
  template <class Visit>
  void tensors(Visit&& visit) {
    std::visit([&](auto& outcome) { outcome.tensors(visit); }, static_cast<variant&>(*this));
  }
};

inline const Tensor& weights_of(const Weights& outcome) { return outcome.weights; }
inline const Tensor& weights_of(const AnyOutcome& outcome) {
  return std::visit([](const Weights& any) -> const Tensor& { return any.weights; },
                    static_cast<const AnyOutcome::variant&>(outcome));
}

inline void set_weights(Weights& outcome, Tensor weights) { outcome.weights = std::move(weights); }
inline void set_weights(AnyOutcome& outcome, Tensor weights) {
  std::visit([&](Weights& any) { any.weights = std::move(weights); }, static_cast<AnyOutcome::variant&>(outcome));
}

class Align : public Module {
 public:
  virtual AnyOutcome weigh_any(const AlignInput& in) const = 0;
  // The weights alone, for alignments that need no query.
  Tensor operator()(const Tensor& scores, const Tensor& mask = {}) const {
    return weights_of(weigh_any({scores, mask, Tensor()}));
  }

 protected:
  // Position of the last key that each row may attend to, in the scores' type: [B | 1, Tq | 1, 1]; 0 for none.
  static Tensor last_position(const AlignInput& in);
  // 1 at the chosen keys [B, Tq], in the scores' type; 0 in rows that are masked wholly.
  static Tensor one_at(const AlignInput& in, const Tensor& chosen);
};

template <class Result>
class AlignTo : public Align {
 public:
  using Outcome = Result;
  virtual Result weigh(const AlignInput& in) const = 0;
  AnyOutcome weigh_any(const AlignInput& in) const final { return weigh(in); }
};

}  // namespace fovea
