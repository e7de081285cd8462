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
  explicit TransformerDecoderLayer(const TransformerOptions& o, Generator& generator = default_generator())
      : self_attn({.size = o.embed_dim, .heads = o.heads, .dropout = o.dropout}, generator),
        multihead_attn({.size = o.embed_dim, .heads = o.heads, .dropout = o.dropout}, generator),
        linear1(o.embed_dim, o.feed_forward, true, generator),
        linear2(o.feed_forward, o.embed_dim, true, generator),
        norm1(o.embed_dim),
        norm2(o.embed_dim),
        norm3(o.embed_dim),
        dropout_(o.dropout),
        activation_(o.activation),
        norm_first_(o.norm_first) {}
  void members(Members& m) override {
    m("self_attn", self_attn)("multihead_attn", multihead_attn)("linear1", linear1)("linear2", linear2);
    m("norm1", norm1)("norm2", norm2)("norm3", norm3)("dropout", dropout_);
  }

  Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderCall& call = {}) const {
    const auto own = [&](const Tensor& h) {
      KeyValueCache* cache = call.cache != nullptr ? &call.cache->own : nullptr;
      const MultiHeadCall options{.mask = call.mask, .causal = true, .cache = cache, .generator = call.generator};
      return dropout_(self_attn(h, options).output, call.generator);  // MHA(x) [B, U, D]
    };
    const auto read = [&](const Tensor& h) {
      const MultiHeadCall options{.mask = call.memory_mask, .generator = call.generator};
      KeysValues kept = call.cache != nullptr ? call.cache->memory : KeysValues{};
      if (!kept.keys.defined()) kept = multihead_attn.project(memory, memory);
      if (call.cache != nullptr) call.cache->memory = kept;
      return dropout_(multihead_attn.attend(h, kept, options).output, call.generator);  // MHA(x, m) [B, U, D]
    };
    const auto feed = [&](const Tensor& h) {
      const Tensor inner = dropout_(activate(activation_, linear1(h)), call.generator);  // [B, U, F]
      return dropout_(linear2(inner), call.generator);                                   // F(x) [B, U, D]
    };
    if (norm_first_) {
      const Tensor attended = x + own(norm1(x)), informed = attended + read(norm2(attended));
      return informed + feed(norm3(informed));  // (2) [B, U, D]
    }
    const Tensor attended = norm1(x + own(x)), informed = norm2(attended + read(attended));
    return norm3(informed + feed(informed));  // (1) [B, U, D]
  }

  MultiHeadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;

 private:
  Dropout dropout_;
  Activation activation_;
  bool norm_first_;
};

class TransformerDecoder final : public TransformerStack<TransformerDecoderLayer> {
 public:
  using TransformerStack::TransformerStack;
  Tensor operator()(Tensor x, const Tensor& memory, const DecoderCall& call = {},
                    std::vector<DecoderCache>* caches = nullptr) const {
    return run(std::move(x), caches, [&](const auto& layer, const Tensor& h, DecoderCache* cache) {
      return layer(h, memory, {call.mask, call.memory_mask, cache, call.generator});
    });
  }
};

}  // namespace fovea
