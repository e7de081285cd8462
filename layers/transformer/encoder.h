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
// A WeightCollector has the weights of attention, which these calls do not return. Errors: those of MultiHeadAttention;
// ValueError for weights that are asked for, and for one cache where each layer needs its own.
#pragma once

#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/norm.h>

namespace fovea {

enum class Activation { relu, gelu };

struct TransformerOptions {
  int64_t embed_dim = 512;      // D
  int64_t heads = 8;            // H
  int64_t feed_forward = 2048;  // F
  int64_t layers = 6;           // of the encoder, and of the decoder
  double dropout = 0.1;
  Activation activation = Activation::relu;
  bool norm_first = false;  // (3) in place of (2)
  double scale = 0;         // of the scores, in place of 1 / √d; 0: that
};

// What the layers of encoder and decoder are made of.
class TransformerLayer : public Module {
 public:
  void members(Members& m) override {
    m("self_attn", self_attn)("multihead_attn", multihead_attn)("linear1", linear1)("linear2", linear2);
    m("norm1", norm1)("norm2", norm2)("norm3", norm3)("dropout", dropout_);
  }

  MultiHeadAttention self_attn;
  std::optional<MultiHeadAttention> multihead_attn;  // to the memory, of a decoder's layer
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  std::optional<LayerNorm> norm3;

 protected:
  TransformerLayer(const TransformerOptions& o, bool decoder, Generator& generator)
      : self_attn(heads(o), ScaledDotScore(o.scale), Soft(), generator),
        multihead_attn(decoder ? std::optional<MultiHeadAttention>(std::in_place, heads(o), ScaledDotScore(o.scale),
                                                                   Soft(), generator)
                               : std::nullopt),
        linear1(o.embed_dim, o.feed_forward, true, generator),
        linear2(o.feed_forward, o.embed_dim, true, generator),
        norm1(o.embed_dim),
        norm2(o.embed_dim),
        dropout_(o.dropout),
        activation_(o.activation),
        norm_first_(o.norm_first) {
    if (decoder) norm3.emplace(o.embed_dim);
  }
  Tensor attend(const Tensor& x, const MultiHeadCall& call) const {
    if (call.need_weights)
      throw ValueError("TransformerLayer: need_weights is for MultiHeadAttention; a WeightCollector has the weights");
    return dropout_(self_attn(x, call).output, call.generator);  // MHA(x) [B, T, D]
  }
  Tensor feed(const Tensor& x, Generator& generator) const {
    const Tensor h = linear1(x);                                                                    // [B, T, F]
    const Tensor inner = dropout_(activation_ == Activation::gelu ? gelu(h) : relu(h), generator);  // [B, T, F]
    return dropout_(linear2(inner), generator);                                                     // (1) [B, T, D]
  }
  // x with what one part adds to it, [B, T, D].
  template <class Part>
  Tensor add(const Tensor& x, const LayerNorm& norm, const Part& part) const {
    return norm_first_ ? x + part(norm(x)) : norm(x + part(x));  // (3), (2)
  }

  Dropout dropout_;

 private:
  static MultiHeadOptions heads(const TransformerOptions& o) {
    return {.embed_dim = o.embed_dim, .heads = o.heads, .dropout = o.dropout};
  }
  Activation activation_;
  bool norm_first_;
};

class TransformerEncoderLayer final : public TransformerLayer {
 public:
  explicit TransformerEncoderLayer(const TransformerOptions& options, Generator& generator = default_generator())
      : TransformerLayer(options, false, generator) {}
  Tensor operator()(const Tensor& x, const MultiHeadCall& call = {}) const {
    const Tensor attended = add(x, norm1, [&](const Tensor& h) { return attend(h, call); });
    return add(attended, norm2, [&](const Tensor& h) { return feed(h, call.generator); });
  }
};

// Layers one after the other.
template <class Layer>
class TransformerStack : public Module {
 public:
  TransformerStack(const TransformerOptions& options, bool final_norm, Generator& generator = default_generator()) {
    if (options.layers < 1) throw ValueError("Transformer: it has no layers; need at least 1");
    for (int64_t i = 0; i < options.layers; ++i) layers.emplace_back(options, generator);
    if (final_norm) norm.emplace(options.embed_dim);
  }
  void members(Members& m) override { m("layers", layers)("norm", norm); }

  std::vector<Layer> layers;
  std::optional<LayerNorm> norm;

 protected:
  // each(layer, x, its cache or null) -> x; `caches`: one a layer, or none.
  template <class Cache, class Each>
  Tensor run(Tensor x, const void* one_cache, std::vector<Cache>* caches, Each&& each) const {
    if (one_cache != nullptr)
      throw ValueError("Transformer: the call has one cache; give `caches`, one for each of the " +
                       std::to_string(layers.size()) + " layers");
    if (caches != nullptr && caches->size() != layers.size())
      throw ShapeError("Transformer: " + std::to_string(caches->size()) + " caches for " +
                       std::to_string(layers.size()) + " layers");
    for (size_t i = 0; i < layers.size(); ++i) x = each(layers[i], x, caches != nullptr ? &(*caches)[i] : nullptr);
    return norm ? (*norm)(x) : x;
  }
};

class TransformerEncoder final : public TransformerStack<TransformerEncoderLayer> {
 public:
  using TransformerStack::TransformerStack;
  Tensor operator()(Tensor x, const MultiHeadCall& call = {}, std::vector<KeyValueCache>* caches = nullptr) const {
    return run(std::move(x), call.cache, caches, [&](const auto& layer, const Tensor& h, KeyValueCache* cache) {
      return layer(h, {call.mask, call.causal, cache, call.need_weights, call.generator});
    });
  }
};

}  // namespace fovea
