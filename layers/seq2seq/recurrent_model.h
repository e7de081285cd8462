// What the recurrent models from sequence to sequence share: teaching with the truth or with what the model says itself
// (scheduled sampling), and decoding a step at a time. A model writes how to begin, one step, and all steps at once.
//
//   state_0 = begin(source)                                                      (1)
//   logits_t, state_t = step(y_{t-1}, state_{t-1})                               (2)
//   logits_1 .. logits_U = all(y_0 .. y_{U-1}, state_0):  the same, faster       (3)
//
// Shapes: those of sequence_model.h. Errors: ShapeError, DTypeError and IndexError for ids and lengths that do not fit;
// ValueError for a share of truth outside [0, 1].
#pragma once

#include <fovea/layers/attention/registry.h>
#include <fovea/layers/seq2seq/decoder_stack.h>
#include <fovea/layers/seq2seq/sequence_model.h>

#include <string>
#include <vector>

namespace fovea {

// What a decoder knows between two steps; what a model has no use for stays undefined. Row b is source b.
struct DecoderState {
  std::vector<State> layers;
  Tensor fed;              // heard beside the token: a constant context, or h̃_{t-1} of input feeding
  AttentionMemory memory;  // of the source
  Tensor encoded;          // [B, T, .] the source's states, where the memory's values are something else
  Tensor input_weights;    // of what is heard beside the token, sliced once
  Tensor attended;         // [B, T] weights of the step before
  int64_t step = 0;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("layers", layers), visit("fed", fed, 0), visit("memory", memory), visit("encoded", encoded, 0);
    visit("step", step), visit("attended", attended, 0);
  }
};

class RecurrentModel : public SequenceModel {
 public:
  Taught teach(const Tensor& source, const Tensor& lengths, const Tensor& heard,
               const TeachingOptions& options = {}) const final;
  // The model has to outlive its decoder.
  std::unique_ptr<IncrementalDecoder> decoder(const Tensor& source, const Tensor& lengths) const final;

  // last i64 [B] -> logits [B, V], and [B] each of a hard attention's draw.
  virtual Taught step(const Tensor& last, DecoderState& state, Generator& generator) const = 0;  // (2)
  virtual DecoderState begin(const Tensor& source, const Tensor& lengths) const = 0;             // (1)

 protected:
  virtual Taught all(const Tensor& heard, DecoderState& state, Generator& generator) const = 0;  // (3)
};

// Logits with what the alignment that led to them has to say.
Taught taught(const Tensor& logits, const AnyOutcome& alignment);

// A step's answers as one tensor each, [B] -> [B, U]; undefined where no step has one.
class AlignmentSteps {
 public:
  void add(const AnyOutcome& alignment);
  Tensor weights() const;  // [B, U, T]
  Taught taught(const Tensor& logits) const;

 private:
  std::vector<Tensor> weights_, log_probability_, entropy_;
};

}  // namespace fovea
