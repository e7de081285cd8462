// What the recurrent models from sequence to sequence share: training with the true ids as input or with the model's
// own (scheduled sampling), and decoding a step at a time. A model writes how to begin, one step, and all steps at
// once.
//
//   state_0 = begin(source)                                                      (1)
//   logits_t, state_t = step(y_{t-1}, state_{t-1})                               (2)
//   logits_1 .. logits_U = all(y_0 .. y_{U-1}, state_0):  the same, faster       (3)
//
// Shapes: those of sequence_model.h. Errors: ShapeError, DTypeError and IndexError for ids and lengths that do not fit;
// ValueError for a ratio outside [0, 1].
#pragma once

#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <fovea/layers/seq2seq/sequence_model.h>

namespace fovea {

// What a decoder knows between two steps; what a model has no use for stays undefined. Row b is source b.
struct DecoderState {
  std::vector<State> layers;
  Tensor fed;              // input beside the token: a constant context, or h̃_{t-1} of input feeding
  AttentionMemory memory;  // of the source
  Tensor encoded;          // [B, T, .] the source's states, where the memory's values are something else
  Tensor attended;         // [B, T] weights of the step before
  int64_t offset = 0;      // steps made
  Tensor input_weights;    // of `fed`, sliced once; a parameter's, so not listed
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("layers", layers), visit("fed", fed, 0), visit("memory", memory), visit("encoded", encoded, 0);
    visit("attended", attended, 0), visit("offset", offset);
  }
};

class RecurrentModel : public SequenceModel {
 public:
  SequenceOutput operator()(const Tensor& source, const Tensor& lengths, const Tensor& input_ids,
                            const TeacherForcing& forcing = {}) const final;
  // The model has to outlive its decoder.
  std::unique_ptr<IncrementalDecoder> decoder(const Tensor& source, const Tensor& lengths = {}) const final;

  virtual DecoderState begin(const Tensor& source, const Tensor& lengths) const = 0;  // (1)
  // last i64 [B] -> logits [B, V], and [B] each of a hard attention's draw.
  virtual SequenceOutput step(const Tensor& last, DecoderState& state, Generator& generator) const = 0;  // (2)

  Embedding source_embedding, target_embedding;  // E_x, E_y: N(0, 1) at the start
  Recurrent encoder;

 protected:
  template <class Options>
  RecurrentModel(const Options& o, const RecurrentOptions& encoder_options, Generator& generator)
      : source_embedding(o.source_vocabulary, o.embed_dim, -1, generator),
        target_embedding(o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary, o.embed_dim, -1,
                         generator),
        encoder(o.cell, encoder_options, generator) {}
  void members(Members& m) override {
    m("source_embedding", source_embedding)("target_embedding", target_embedding)("encoder", encoder);
  }
  int64_t vocabulary() const { return target_embedding.weight->size(0); }

  virtual SequenceOutput all(const Tensor& input_ids, DecoderState& state, Generator& generator) const = 0;  // (3)
};

// Logits, or what they are made from, with what the alignment that led to them gives.
SequenceOutput with_alignment(const Tensor& logits, const AnyOutcome& alignment);
// Steps [B, ..] as one [B, U, ..] each; undefined where a step has none.
SequenceOutput over_steps(const std::vector<SequenceOutput>& steps);

}  // namespace fovea
