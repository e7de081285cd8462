// The Transformer. Vaswani et al. 2017, arXiv 1706.03762.
//
//   x = E_s[source] √D + PE,   m = encoder(x)                                    (1)
//   y = E_t[input_ids] √D + PE,   h = decoder(y, m)                                 (2)
//   logits = h Uᵀ                                                                (3)
//   tied: E_s = E_t = U, one table for both vocabularies, which starts as N(0, 1 / D)
//   in training all steps at once; decoded a step at a time, earlier steps kept as keys and values
//
//   symbol      shape        meaning
//   source      i64 [B, T]   ids; steps past a row's length are not attended to
//   input_ids   i64 [B, U]   the target shifted right: the first is the beginning mark
//   m, h        [B, T, D]  [B, U, D]
//   logits      [B, U, V]    logits[:, u] predicts what follows input_ids[:, ..u]
//
// Transformer is PyTorch's: encoder and decoder with final norms, features in, features out. TransformerModel adds what
// makes it a model of token ids. Every matrix starts as xavier_uniform. Errors: those of the parts.
#pragma once

#include <fovea/layers/attention/mask.h>
#include <fovea/layers/seq2seq/sequence_model.h>
#include <fovea/layers/transformer/decoder.h>
#include <fovea/layers/transformer/positions.h>

namespace fovea {

class Transformer final : public Module {
 public:
  explicit Transformer(const TransformerOptions& options, Generator& generator = default_generator());
  void members(Members& m) override { m("encoder", encoder)("decoder", decoder); }

  struct Masks {
    Tensor source = {}, target = {}, memory = {};  // the target is causal besides
    Generator& generator = default_generator();
  };
  // source [B, T, D], target [B, U, D] -> h [B, U, D].
  Tensor operator()(const Tensor& source, const Tensor& target, const Masks& masks) const {
    const Tensor m = encoder(source, {.mask = masks.source, .generator = masks.generator});  // [B, T, D]
    return decoder(target, m, {.mask = masks.target, .memory_mask = masks.memory, .generator = masks.generator});
  }
  Tensor operator()(const Tensor& source, const Tensor& target) const { return (*this)(source, target, Masks{}); }

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

struct TransformerModelOptions {
  TransformerOptions transformer = {};
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  Positions positions = Positions::sinusoidal;
  int64_t max_length = 512;  // of learned positions
  bool tied = true;          // target embedding and output share a table, the source too where the vocabularies agree
};

class TransformerModel final : public SequenceModel {
 public:
  explicit TransformerModel(const TransformerModelOptions& options, Generator& generator = default_generator());
  void members(Members& m) override {
    m("source_embedding", source_embedding)("target_embedding", target_embedding)("output", output);
    m("positions", positions_)("dropout", dropout_)("transformer", transformer);
  }

  // All target positions at once; lengths i64 [B] of the source, or undefined.
  SequenceOutput operator()(const Tensor& source, const Tensor& lengths, const Tensor& input_ids,
                            const TeacherForcing& forcing = {}) const override {
    check_ratio(forcing.ratio);
    const Decoding s = encode(source, lengths, forcing.generator);              // (1)
    const Tensor y = embed(target_embedding, input_ids, 0, forcing.generator);  // [B, U, D]
    const Tensor h =
        transformer.decoder(y, s.memory, {.memory_mask = s.memory_mask, .generator = forcing.generator});  // (2)
    return {linear(h, output)};  // (3) [B, U, V]
  }
  std::unique_ptr<IncrementalDecoder> decoder(const Tensor& source, const Tensor& lengths = {}) const override;

  // A decoder's steps: encode once, then logits [B, 1, V] for each next column of ids [B, 1].
  struct Decoding {
    Tensor memory, memory_mask;
    std::vector<DecoderCache> caches;
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("memory", memory, 0), visit("memory_mask", memory_mask, 0), visit("caches", caches);
    }
  };
  Decoding encode(const Tensor& source, const Tensor& lengths = {}, Generator& generator = default_generator()) const {
    Decoding s;
    if (lengths.defined()) s.memory_mask = padding_mask(lengths, source.size(1));
    const Tensor x = embed(source_embedding, source, 0, generator);                      // [B, T, D]
    s.memory = transformer.encoder(x, {.mask = s.memory_mask, .generator = generator});  // (1) [B, T, D]
    s.caches.resize(transformer.decoder.layers.size());
    return s;
  }
  Tensor step(const Tensor& ids, Decoding& s) const {
    const Tensor y = embed(target_embedding, ids, s.caches[0].own.length(), default_generator());  // [B, 1, D]
    const Tensor h = transformer.decoder(y, s.memory, {.memory_mask = s.memory_mask}, &s.caches);  // (2) [B, 1, D]
    return linear(h, output);                                                                      // (3) [B, 1, V]
  }

  Transformer transformer;
  Parameter source_embedding, target_embedding, output;  // E_s, E_t, U

 private:
  Tensor embed(const Parameter& table, const Tensor& ids, int64_t offset, Generator& generator) const {
    return dropout_(positions_(embedding(table, ids) * scale_, offset), generator);  // E[ids] √D + PE
  }
  static void check_ratio(double ratio);

  PositionalEncoding positions_;
  Dropout dropout_;
  double scale_;  // √D
};

}  // namespace fovea
