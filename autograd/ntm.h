// The memory operations of a Neural Turing Machine (Graves, Wayne, Danihelka 2014, arXiv 1410.5401, section 3), fused,
// each with its plain formula beside it in autograd/ops/ntm.cpp.
//
// B batch, H heads, N slots, M slot width, K = 2S+1 shifts. The memory is stored with its slots last, [B, M, N].
// One head's parameters, in this order: key M, strength 1, gate 1, shifts K (-S first), sharpening 1; P = M + K + 3.
// All tensors have one floating type. Errors: ShapeError naming the op.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

// parameters [B, H, P] (before their activations), memory [B, M, N], previous weights [B, H, N] -> weights [B, H, N]:
//   k = tanh(.), beta = softplus(.), g = sigmoid(.), s = softmax(.), gamma = 1 + softplus(.)
//   content       w^c = softmax_i(beta k.M(i) / (|k| |M(i)| + 1e-8))     (5), (6), |x|^2 = sum x^2 + 1e-12
//   interpolate   w^g = g w^c + (1 - g) w_{t-1}                          (7)
//   shift         w~(i) = sum_j w^g(j) s((i - j) mod N)                  (8)
//   sharpen       w(i) = w~(i)^gamma / sum_j w~(j)^gamma                 (9), a negative w~ counting as 0
// There are two conventions for the cosine of vectors that may be zero. Here 1e-8 is added to the product and lengths
// are smooth, so that a slot that is zero has a gradient: made for slots of lengths near 1. cosine_similarity (ops.h)
// and CosineScore are k.m / (|k| |m|), exact for any length, and 0 without a gradient where one is 0.
Tensor ntm_address(const Tensor& parameters, const Tensor& memory, const Tensor& previous);

// The same in ops, stage by stage, each [B, H, N].
struct NtmStages {
  Tensor content, interpolated, shifted, sharpened;  // (5), (7), (8), (9)
};
NtmStages plain_ntm_address(const Tensor& parameters, const Tensor& memory, const Tensor& previous);

// M_t = M_{t-1} prod_h (1 - w_h e_h^T) + sum_h w_h a_h^T                 (3), (4)
// memory [B, M, N], weights [B, H, N], erase in (0, 1) and add [B, H, M] -> [B, M, N]. Heads act in no order.
Tensor ntm_write(const Tensor& memory, const Tensor& weights, const Tensor& erase, const Tensor& add);

// r = sum_i w(i) M(i)                                                    (2)
// memory [B, M, N], weights [B, H, N] -> [B, H, M]
Tensor ntm_read(const Tensor& memory, const Tensor& weights);

}  // namespace fovea
