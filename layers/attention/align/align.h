// Align: turns scores into weights; the second of the three parts of an attention (attention.h).
//   scores [B, Tq, Tk], mask -> weights [B, Tq, Tk], exactly 0 where the mask is false, 0 in a row that is masked
//   wholly
// A new alignment derives from this class and writes `weigh`. Alignments that draw numbers do so in training mode only
// and take them from `generator`.
#pragma once

#include <fovea/layers/module.h>

#include <string_view>

namespace fovea {

struct AlignInput {
  const Tensor& scores;  // [B, Tq, Tk]
  const Tensor& mask;    // broadcasts to scores; undefined: everything may be attended
  const Tensor& query;   // [B, Tq, Dq]; undefined unless the alignment asks for it
  int64_t first = 0;     // position of query 0 in its own sequence
  Generator& generator = default_generator();
  double expectation = 0;  // of Hard: probability that a row reads its expectation
};

struct Alignment {
  Tensor weights;          // [B, Tq, Tk]
  Tensor log_weights;      // [B, Tq, Tk], -inf where masked; of Pointer only
  Tensor log_probability;  // [B, Tq], of the choice that was drawn; of Hard only
  Tensor entropy;          // [B, Tq], of what it was drawn from; of Hard only
};

class Align : public Module {
 public:
  virtual Alignment weigh(const AlignInput& in) const = 0;
  // The weights alone, for alignments that need no query.
  Tensor operator()(const Tensor& scores, const Tensor& mask = {}) const {
    return weigh({scores, mask, Tensor()}).weights;
  }

 protected:
  // Position of the last key that each row may attend to, in the scores' type: [B | 1, Tq | 1, 1]; 0 for none.
  static Tensor last_position(const AlignInput& in);
  // 1 at the chosen keys [B, Tq, 1], in the scores' type; 0 in rows that are masked wholly.
  static Tensor one_at(const AlignInput& in, const Tensor& chosen);
  // ValueError unless the number is above 0.
  static double checked_positive(std::string_view align, std::string_view what, double value);
};

}  // namespace fovea
