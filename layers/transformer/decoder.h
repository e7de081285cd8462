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

class TransformerDecoderLayer final : public TransformerLayer {
 public:
  explicit TransformerDecoderLayer(const TransformerOptions& options, Generator& generator = default_generator())
      : TransformerLayer(options, true, generator) {}

  // (1) or (2), a line for each of their parts.
  Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderCall& call = {}) const {
    KeyValueCache* cache = call.cache != nullptr ? &call.cache->own : nullptr;
    const MultiHeadCall own{.mask = call.mask, .causal = true, .cache = cache, .generator = call.generator};
    const Tensor attended = add(x, norm1, [&](const Tensor& h) { return attend(h, own); });
    const Tensor informed = add(attended, norm2, [&](const Tensor& h) { return read(h, memory, call); });
    return add(informed, *norm3, [&](const Tensor& h) { return feed(h, call.generator); });
  }

 private:
  Tensor read(const Tensor& x, const Tensor& memory, const DecoderCall& call) const {
    KeysValues kept = call.cache != nullptr ? call.cache->memory : KeysValues{};
    if (!kept.keys.defined()) kept = multihead_attn->project(memory, memory, call.memory_mask.defined());
    if (call.cache != nullptr) call.cache->memory = kept;
    const MultiHeadCall options{.mask = call.memory_mask, .generator = call.generator};
    return dropout_(multihead_attn->attend(x, kept, options).output, call.generator);  // MHA(x, m) [B, U, D]
  }
};

class TransformerDecoder final : public TransformerStack<TransformerDecoderLayer> {
 public:
  using TransformerStack::TransformerStack;
  Tensor operator()(Tensor x, const Tensor& memory, const DecoderCall& call = {},
                    std::vector<DecoderCache>* caches = nullptr) const {
    return run(std::move(x), call.cache, caches, [&](const auto& layer, const Tensor& h, DecoderCache* cache) {
      return layer(h, memory, {call.mask, call.memory_mask, cache, call.generator});
    });
  }
};

}  // namespace fovea
