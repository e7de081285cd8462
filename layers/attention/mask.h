// Masks of attention, made here and nowhere else. A mask is bool, true = may be attended, and broadcasts to [B, Tq, Tk]
// (with heads to [B, H, Tq, Tk]); an undefined mask allows everything. A row without any true reads exact zeros. A mask
// of rank 2 is always [Tq, Tk], also where B == Tq: keys that each sequence allows, [B, Tk], are unsqueeze(mask, 1).
//
//   padding       keys      j < length_b                             [B, 1, Tk]
//                 queries   i < length_b                             [B, Tq, 1]
//   causal        offset + i >= j                                     [1, Tq, Tk]
//   branching     i >= j, and j is i or before the branches           [1, T, T]
//   window        |j - p_i| <= D around a centre p_i                 [B | 1, Tq, Tk]
//   both          what both masks allow
//   per head      one mask for each head                             [B, H, Tq, Tk]
//
// Lengths are i64 [B]. Errors: DTypeError, ShapeError, IndexError for a length outside [0, T], ValueError.
#pragma once

#include <fovea/layers/module.h>

#include <span>
#include <string_view>

namespace fovea {

// True on the first lengths[b] of T keys.
Tensor padding_mask(const Tensor& lengths, int64_t keys);
// True on the first lengths[b] of T queries: rows past them are masked wholly.
Tensor query_padding_mask(const Tensor& lengths, int64_t queries);
// Query i stands at position offset + i of the keys' sequence and sees the keys up to its own position; with `strict`
// only those before it. Decoding by the step with a cache: offset = number of cached keys, queries = 1.
Tensor causal_mask(int64_t queries, int64_t keys, int64_t offset = 0, bool strict = false);
// A sequence whose last `branches` steps come each directly after the others, without those beside it.
Tensor branching_mask(int64_t steps, int64_t branches);
// Keys at most `half_width` from centres [B | 1, Tq, 1], a whole number each.
Tensor window_mask(const Tensor& centres, int64_t keys, double half_width);
// Allowed by both; an undefined one allows everything.
Tensor both_masks(const Tensor& a, const Tensor& b);
// The same mask for every head: [B, Tq, Tk] -> [B, 1, Tq, Tk]. A list: one mask a head -> [B, H, Tq, Tk].
Tensor for_heads(const Tensor& mask);
Tensor for_heads(std::span<const Tensor> masks);

// 1 + the last key that a row may attend to, 0 for none: mask [.., Tq, Tk] -> i64 [.., Tq, 1].
Tensor attended_length(const Tensor& mask);

// Throws unless the mask is undefined or bool and broadcasts to `scores`.
void check_mask(const Module& layer, std::string_view type, const Tensor& mask, const Shape& scores);

}  // namespace fovea
