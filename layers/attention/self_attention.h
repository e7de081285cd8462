// Self-attention: a sequence attends to itself, query = keys = values, with any score and any alignment.
// Cheng, Dong, Lapata 2016, arXiv 1601.06733 (intra-attention); Vaswani et al. 2017, arXiv 1706.03762.
//   const auto [context, alignment] = self_attention(attention, x, {.lengths = lengths, .causal = true});
// Shapes: x [B, T, D] -> context [B, T, D], weights [B, T, T]. Padded queries read exact zeros.
#pragma once

#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/mask.h>

namespace fovea {

struct SelfAttentionOptions {
  Tensor lengths = {};  // i64 [B]; undefined: all T steps count
  bool causal = false;  // position i sees positions up to i
};

template <class Attending>
auto self_attention(const Attending& attention, const Tensor& x, const SelfAttentionOptions& options = {}) {
  const int64_t steps = x.size(1);
  Tensor mask;
  if (options.lengths.defined())
    mask = both_masks(padding_mask(options.lengths, steps), query_padding_mask(options.lengths, steps));
  if (options.causal) mask = both_masks(mask, causal_mask(steps, steps));
  return attention(x, x, x, mask);
}

}  // namespace fovea
