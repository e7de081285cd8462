// The Transformer. Vaswani et al. 2017, arXiv 1706.03762.
//
//   x = E_s[source] √D + PE,   m = encoder(x)                                    (1)
//   y = E_t[target] √D + PE,   h = decoder(y, m)                                 (2)
//   logits = h Uᵀ                                                                (3)
//   tied: E_s = E_t = U, one table for both vocabularies, which starts as N(0, 1 / D)
//   taught, all steps at once; decoded a step at a time, what was said before kept as keys and values
//
//   symbol   shape        meaning
//   source   i64 [B, T]   ids; steps past a row's length are not attended to
//   target   i64 [B, U]   ids shifted right: the first is the beginning-of-sentence mark
//   m, h     [B, T, D]  [B, U, D]
//   logits   [B, U, V]    logits[:, u] says what follows target[:, ..u]
//
// Transformer is PyTorch's: encoder and decoder with final norms, features in, features out. TransformerModel adds what
// makes it a model of token ids. Every matrix starts as xavier_uniform. Errors: those of the parts.
#pragma once

#include <fovea/layers/embedding.h>
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
  Tensor operator()(const Tensor& source, const Tensor& target, const Masks& masks) const;
  Tensor operator()(const Tensor& source, const Tensor& target) const { return (*this)(source, target, Masks{}); }

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

struct TransformerModelOptions {
  TransformerOptions transformer = {};
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  Positions positions = Positions::sinusoidal;
  int64_t longest = 512;  // of learned positions
  bool tied = true;       // target embedding and output share a table, the source too where the vocabularies agree
};

class TransformerModel final : public SequenceModel {
 public:
  explicit TransformerModel(const TransformerModelOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // All target positions at once; lengths i64 [B] of the source, or undefined.
  Tensor operator()(const Tensor& source, const Tensor& target, const Tensor& lengths = {},
                    Generator& generator = default_generator()) const;
  Taught teach(const Tensor& source, const Tensor& lengths, const Tensor& heard,
               const TeachingOptions& options = {}) const override;
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
  Decoding encode(const Tensor& source, const Tensor& lengths = {}, Generator& generator = default_generator()) const;
  Tensor step(const Tensor& ids, Decoding& state) const;

  Transformer transformer;
  Parameter source_embedding, target_embedding, output;  // E_s, E_t, U

 private:
  Tensor embed(const Parameter& table, const Tensor& ids, int64_t first, Generator& generator) const;

  PositionalEncoding positions_;
  Dropout dropout_;
  double scale_;  // √D
};

}  // namespace fovea
