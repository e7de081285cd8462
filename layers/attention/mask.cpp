#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/check.h>

#include <vector>

namespace fovea {
namespace {

// lengths [B] -> bool [B, T]: position < length.
Tensor before_length(const char* name, const Tensor& lengths, int64_t steps) {
  if (!lengths.defined() || lengths.dim() != 1 || lengths.dtype() != i64)
    throw ShapeError(fmt::format("{}: lengths are {}; need i64 [B]", name, describe(lengths)));
  for (int64_t b = 0; b < lengths.size(0); ++b) {
    const int64_t length = select(lengths, 0, b).item<int64_t>();
    if (length < 0 || length > steps)
      throw IndexError(fmt::format("{}: length {} of sequence {} is outside [0, {}]", name, length, b, steps));
  }
  return lt(arange(steps), unsqueeze(lengths, 1));
}

void check_counts(const char* name, int64_t queries, int64_t keys) {
  if (queries < 0 || keys < 0)
    throw ValueError(fmt::format("{}: {} queries, {} keys; need numbers >= 0", name, queries, keys));
}

}  // namespace

Tensor padding_mask(const Tensor& lengths, int64_t keys) {
  return unsqueeze(before_length("padding_mask", lengths, keys), 1);
}

Tensor query_padding_mask(const Tensor& lengths, int64_t queries) {
  return unsqueeze(before_length("query_padding_mask", lengths, queries), 2);
}

Tensor causal_mask(int64_t queries, int64_t keys, int64_t offset, bool strict) {
  check_counts("causal_mask", queries, keys);
  const Tensor own = arange(offset, offset + queries);  // position of each query
  const Tensor at = reshape(own, {1, queries, 1}), other = arange(keys);
  return strict ? lt(other, at) : le(other, at);
}

Tensor branching_mask(int64_t steps, int64_t branches) {
  check_counts("branching_mask", steps, branches);
  const Tensor own = reshape(arange(steps), {1, steps, 1}), other = arange(steps);
  return both_masks(causal_mask(steps, steps),
                    logical_or(lt(other, static_cast<double>(steps - branches)), eq(other, own)));
}

Tensor window_mask(const Tensor& centres, int64_t keys, double half_width) {
  check_counts("window_mask", 0, keys);
  if (centres.dim() < 1 || centres.size(-1) != 1 || !is_floating(centres.dtype()))
    throw ShapeError(fmt::format("window_mask: centres are {}; need floating [B, Tq, 1]", describe(centres)));
  const Tensor at = arange(0, keys, 1, centres.dtype());
  return le(abs(at - centres.detach()), scalar(half_width, centres.dtype()));
}

Tensor both_masks(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? logical_and(a, b) : a;
}

Tensor for_heads(const Tensor& mask) { return mask.defined() ? unsqueeze(mask, -3) : mask; }

Tensor for_heads(std::span<const Tensor> masks) {
  if (masks.empty()) throw ShapeError("for_heads: no masks; need one for each head");
  Shape shape = masks[0].shape();
  for (const Tensor& mask : masks) {
    if (mask.dtype() != boolean)
      throw DTypeError(fmt::format("for_heads: a mask is {}; need bool, true = may be attended", describe(mask)));
    shape = broadcast_shapes("for_heads", shape, mask.shape());
  }
  std::vector<Tensor> equal;
  for (const Tensor& mask : masks) equal.push_back(expand(mask, shape));
  return stack(equal, -3);
}

Tensor attended_length(const Tensor& mask) {
  const Tensor position = arange(1, mask.size(-1) + 1, 1, f64);
  return to(max(where(mask, position, scalar(0, f64)), -1, true), i64);
}

void check_mask(const Module& layer, std::string_view type, const Tensor& mask, const Shape& scores) {
  if (!mask.defined()) return;
  if (mask.dtype() != boolean)
    throw DTypeError(
        fmt::format("{}: the mask is {}; need bool, true = may be attended", place(layer, type), describe(mask)));
  bool fits = mask.dim() <= scores.rank();
  for (int d = 1; fits && d <= mask.dim(); ++d) {
    const int64_t size = mask.size(-d), wanted = scores[scores.rank() - d];
    fits = size == wanted || size == 1;
  }
  if (!fits)
    throw ShapeError(fmt::format("{}: the mask is {}, the scores are {}; need a mask that broadcasts to the scores",
                                 place(layer, type), describe(mask), scores.str()));
}

}  // namespace fovea
