#include <fmt/format.h>
#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/weights.h>

#include <limits>

namespace fovea {
namespace {

std::string place(const Module& module) { return module.path().empty() ? "Attention" : module.path(); }

// Where all features of a key are finite, bool [B, Tk].
Tensor finite_rows(const Tensor& finite) { return gt(min(to(finite, f32), -1), scalar(0)); }

// Zeros in place of NaN and inf; they get no gradient. `damaged` learns where there were any.
Tensor repaired(const Tensor& x, Tensor& damaged) {
  const Tensor finite = isfinite(x);
  if (all(finite)) return x;
  const Tensor here = unsqueeze(logical_not(finite_rows(finite)), 1);  // [B, 1, Tk]
  damaged = damaged.defined() ? logical_or(damaged, here) : here;
  return where(finite, x, scalar(0, x.dtype()));
}

// NaN for the rows of x [B, Tq, .] that may attend to a damaged key.
Tensor with_damage(const Tensor& x, const Tensor& damaged, const Tensor& mask) {
  const Tensor nan = scalar(std::numeric_limits<double>::quiet_NaN(), x.dtype());
  return where(attends_any(both_masks(mask, damaged)), nan, x);
}

struct Scored {
  Alignment alignment;
  Tensor mask;  // that applied
};

Scored score_and_align(const BasicAttention& layer, const Tensor& query, const AttentionMemory& memory,
                       const AttentionStep& step) {
  Tensor scores = layer.score().compare(query, memory.keys);  // (1) [B, Tq, Tk]
  if (scores.dim() != 3 || scores.size(0) != memory.values.size(0) || scores.size(2) != memory.values.size(1))
    throw ShapeError(fmt::format("{}: query {}, values {} make scores {}; need one batch for all", place(layer),
                                 describe(query), describe(memory.values), describe(scores)));
  check_mask(place(layer), memory.mask, scores.shape());
  check_mask(place(layer), step.mask, scores.shape());
  const Tensor mask = both_masks(memory.mask, step.mask);
  if (memory.damaged.defined()) scores = with_damage(scores, memory.damaged, mask);
  Alignment alignment = layer.align().weigh({scores, mask, query, step.first, step.generator});  // (2) [B, Tq, Tk]
  return {std::move(alignment), mask};
}

// Every tensor without its dimension of one query.
void drop_queries(Alignment& alignment) {
  for (Tensor* x : {&alignment.weights, &alignment.log_weights, &alignment.log_probability, &alignment.entropy})
    if (x->defined()) *x = squeeze(*x, 1);
}

// A query of one step [B, Dq] as [B, 1, Dq].
Tensor with_queries(const Tensor& query) { return query.defined() && query.dim() == 2 ? unsqueeze(query, 1) : query; }

}  // namespace

AttentionMemory BasicAttention::prepare(const Tensor& keys, const Tensor& values, const Tensor& mask) const {
  const Tensor& read = values.defined() ? values : keys;
  if (!keys.defined() || keys.dim() != 3 || read.dim() != 3 || keys.size(0) != read.size(0) ||
      keys.size(1) != read.size(1))
    throw ShapeError(fmt::format("{}: keys {}, values {}; need keys[B, Tk, Dk], values[B, Tk, Dv]", place(*this),
                                 describe(keys), describe(read)));
  AttentionMemory memory{{}, {}, mask, {}};
  const Tensor sound = repaired(keys, memory.damaged);
  memory.values = values.defined() && !values.is_same(keys) ? repaired(values, memory.damaged) : sound;
  memory.keys = score().prepare(sound);
  return memory;
}

Attended BasicAttention::operator()(const Tensor& query, const AttentionMemory& memory,
                                    const AttentionStep& step) const {
  Scored scored = score_and_align(*this, with_queries(query), memory, step);
  Attended out{matmul(scored.alignment.weights, memory.values), std::move(scored.alignment)};  // (3) [B, Tq, Dv]
  if (memory.damaged.defined()) out.context = with_damage(out.context, memory.damaged, scored.mask);
  report_weights(*this, out.alignment.weights);
  if (query.dim() == 2) {
    out.context = squeeze(out.context, 1);
    drop_queries(out.alignment);
  }
  return out;
}

Alignment BasicAttention::point(const Tensor& query, const AttentionMemory& memory, const AttentionStep& step) const {
  Alignment alignment = score_and_align(*this, with_queries(query), memory, step).alignment;
  report_weights(*this, alignment.weights);
  if (query.dim() == 2) drop_queries(alignment);
  return alignment;
}

}  // namespace fovea
