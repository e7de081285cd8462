#include <fmt/format.h>
#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/mask.h>

namespace fovea::detail {

AttentionMemory attention_memory(const Module& layer, const Score& score, const Tensor& keys, const Tensor& values,
                                 const Tensor& mask) {
  const Tensor& read = values.defined() ? values : keys;
  if (!keys.defined() || keys.dim() != 3 || read.dim() != 3 || keys.size(0) != read.size(0) ||
      keys.size(1) != read.size(1))
    throw ShapeError(fmt::format("{}: keys {}, values {}; need keys[B, Tk, Dk], values[B, Tk, Dv]",
                                 place(layer, "Attention"), describe(keys), describe(read)));
  if (!mask.defined()) return {score.prepare(keys), read, {}, {}};
  const FiniteRows k = finite_rows(keys), v = read.is_same(keys) ? k : finite_rows(read);
  return {score.prepare(k.x), v.x, mask, either_rows(k.non_finite, v.non_finite)};
}

AttentionMemory contained(const AttentionMemory& memory) {
  const FiniteRows k = finite_rows(memory.keys), v = finite_rows(memory.values);
  return {k.x, v.x, {}, either_rows(k.non_finite, v.non_finite)};
}

Tensor attention_mask(const Module& layer, const Tensor& query, const AttentionMemory& memory, const Tensor& mask,
                      const Tensor& scores) {
  if (scores.dim() != 3 || scores.size(0) != memory.values.size(0) || scores.size(2) != memory.values.size(1))
    throw ShapeError(fmt::format("{}: query {}, values {} make scores {}; need one batch for all",
                                 place(layer, "Attention"), describe(query), describe(memory.values),
                                 describe(scores)));
  check_mask(layer, "Attention", memory.mask, scores.shape());
  check_mask(layer, "Attention", mask, scores.shape());
  return both_masks(memory.mask, mask);
}

}  // namespace fovea::detail
