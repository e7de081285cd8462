// The Transformer's decoder. Vaswani et al. 2017, arXiv 1706.03762, sections 3.1 and 3.2.3.
//
//   post-norm (the paper):  x = LN(x + MHA(x)),  x = LN(x + MHA(x, m)),  x = LN(x + F(x))       (1)
//   pre-norm:               x = x + MHA(LN(x)),  x = x + MHA(LN(x), m),  x = x + F(LN(x))       (2)
//
// Shapes: x [B, U, D], the target so far; m [B, T, D], the memory, which is the encoder's output. The first attention
// is causal: position u sees the positions up to u, bit by bit. F, dropout and names as in encoder.h. With a
// DecoderCache each call adds positions to those before: the target is decoded a step at a time, and the memory is
// projected once.
#pragma once

#include <fovea/layers/transformer/encoder.h>

namespace fovea {

// What one decoder layer has seen.
struct DecoderCache {
  KeyValueCache own;
  KeysValues memory;  // projected by the first call
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("own", own), visit("memory", memory);
  }
};

struct DecoderCall {
  Tensor mask = {};         // of the target, besides causality
  Tensor memory_mask = {};  // of the memory, often padding_mask(lengths, T)
  DecoderCache* cache = nullptr;
  Generator& generator = default_generator();
};

class TransformerDecoderLayer final : public Module {
 public:
  explicit TransformerDecoderLayer(const TransformerOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderCall& call = {}) const;

  MultiHeadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;

 private:
  Dropout dropout_, dropout1_, dropout2_, dropout3_;
  Activation activation_;
  bool norm_first_;
};

class TransformerDecoder final : public Module {
 public:
  TransformerDecoder(const TransformerOptions& options, bool final_norm, Generator& generator = default_generator());
  void members(Members& m) override { m("layers", layers)("norm", norm); }
  // `caches`: one a layer, or none.
  Tensor operator()(Tensor x, const Tensor& memory, const DecoderCall& call = {},
                    std::vector<DecoderCache>* caches = nullptr) const;

  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;
};

}  // namespace fovea
