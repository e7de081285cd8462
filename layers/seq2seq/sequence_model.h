// What all models from sequence to sequence have in common, recurrent or not: trained with the true target as input
// (teacher forcing), and decoded a step at a time (decoding/search.h). A program that compares them holds any of them
// as a SequenceModel.
//
//   symbol      shape        meaning
//   source      i64 [B, T]   ids, padded past each row's length
//   lengths     i64 [B]      or undefined: all are T long
//   input_ids   i64 [B, U]   the target shifted right: the first is the beginning mark
//   logits      [B, U, V]    logits[:, u] predicts what follows input_ids[:, ..u]
#pragma once

#include <fovea/layers/decoding/incremental.h>
#include <fovea/layers/module.h>

namespace fovea {

struct TeacherForcing {
  double ratio = 1;  // ε of scheduled_sampling.h; models that see all steps at once know only 1
  Generator& generator = default_generator();
};

struct SequenceOutput {
  Tensor logits;                // [B, U, V]
  Tensor log_probability = {};  // [B, U] of what a hard attention drew; undefined elsewhere
  Tensor entropy = {};          // [B, U] of what it drew from; undefined elsewhere
  Tensor weights = {};          // [B, U, T] of a recurrent model's attention; undefined elsewhere
};

class SequenceModel : public Module {
 public:
  virtual SequenceOutput operator()(const Tensor& source, const Tensor& lengths, const Tensor& input_ids,
                                    const TeacherForcing& forcing = {}) const = 0;
  // One row a source, before its first step.
  virtual std::unique_ptr<IncrementalDecoder> decoder(const Tensor& source, const Tensor& lengths = {}) const = 0;
};

}  // namespace fovea
