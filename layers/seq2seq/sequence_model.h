// What all models from sequence to sequence have in common, recurrent or not: taught with the true target, and decoded
// a step at a time (decoding/search.h). A program that compares them holds any of them as a SequenceModel.
//
//   symbol   shape        meaning
//   source   i64 [B, T]   ids, padded past each row's length
//   lengths  i64 [B]      or undefined: all are T long
//   heard    i64 [B, U]   the target shifted right: the first is the beginning mark
//   logits   [B, U, V]    logits[:, u] says what follows heard[:, ..u]
#pragma once

#include <fovea/layers/decoding/incremental.h>
#include <fovea/layers/module.h>

#include <memory>

namespace fovea {

struct TeachingOptions {
  double truth = 1;  // ε of scheduled_sampling.h; models that see all steps at once know only 1
  Generator& generator = default_generator();
};

struct Taught {
  Tensor logits;           // [B, U, V]
  Tensor log_probability;  // [B, U] of what a hard attention drew; undefined elsewhere
  Tensor entropy;          // [B, U] of what it drew from; undefined elsewhere
  Tensor weights = {};     // [B, U, T] of a recurrent model's attention; undefined elsewhere
};

class SequenceModel : public Module {
 public:
  virtual Taught teach(const Tensor& source, const Tensor& lengths, const Tensor& heard,
                       const TeachingOptions& options = {}) const = 0;
  // One row a source, before its first step.
  virtual std::unique_ptr<IncrementalDecoder> decoder(const Tensor& source, const Tensor& lengths) const = 0;
};

}  // namespace fovea
