// The Transformer's encoder. Vaswani et al. 2017, arXiv 1706.03762, sections 3.1 and 3.3.
//
//   F(x) = act(x W_1ᵀ + b_1) W_2ᵀ + b_2                                          (1)
//   post-norm (the paper):  x = LN(x + MHA(x)),   x = LN(x + F(x))               (2)
//   pre-norm:               x = x + MHA(LN(x)),   x = x + F(LN(x))               (3)
//   encoder: layers one after the other, and with `final_norm` an LN after the last
//
// Shapes: x [B, T, D]; W_1 [F, D], W_2 [D, F]. Dropout, in training mode, on the weights of attention, on act(..) and
// on what is added to x. Pre-norm trains without a warm-up. Parameters are PyTorch's TransformerEncoderLayer's and
// TransformerEncoder's. With MultiHeadCall{.causal = true, .cache = ..} the same layers make a decoder-only model.
// Errors: those of MultiHeadAttention; ValueError.
#pragma once

#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/layer_norm.h>

namespace fovea {

enum class Activation { relu, gelu };

struct TransformerOptions {
  int64_t size = 512;           // D
  int64_t heads = 8;            // H
  int64_t feed_forward = 2048;  // F
  int64_t layers = 6;           // of the encoder, and of the decoder
  double dropout = 0.1;
  Activation activation = Activation::relu;
  bool norm_first = false;  // (3) in place of (2)
};

// (1)
Tensor activate(Activation activation, const Tensor& x);

class TransformerEncoderLayer final : public Module {
 public:
  explicit TransformerEncoderLayer(const TransformerOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  Tensor operator()(const Tensor& x, const MultiHeadCall& call = {}) const;

  MultiHeadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;

 private:
  Dropout dropout_, dropout1_, dropout2_;
  Activation activation_;
  bool norm_first_;
};

class TransformerEncoder final : public Module {
 public:
  TransformerEncoder(const TransformerOptions& options, bool final_norm, Generator& generator = default_generator());
  void members(Members& m) override { m("layers", layers)("norm", norm); }
  // `caches`: one a layer, or none.
  Tensor operator()(Tensor x, const MultiHeadCall& call = {}, std::vector<KeyValueCache>* caches = nullptr) const;

  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;
};

}  // namespace fovea
