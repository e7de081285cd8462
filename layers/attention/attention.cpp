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
  if (all(isfinite(sum(x.detach())))) return x;  // one sum tells of any NaN or inf; it may only err towards a search
  const Tensor finite = isfinite(x);
  if (all(finite)) return x;
  const Tensor here = unsqueeze(logical_not(finite_rows(finite)), 1);  // [B, 1, Tk]
  damaged = damaged.defined() ? logical_or(damaged, here) : here;
  return where(finite, x, scalar(0, x.dtype()));
}

// NaN in the rows that may attend to a damaged key; `rows` is bool [B | 1, Tq | 1, 1].
void show_damage(const Tensor& rows, Tensor& x) {
  if (!x.defined()) return;
  const Tensor nan = scalar(std::numeric_limits<double>::quiet_NaN(), x.dtype());
  x = where(x.dim() == 3 ? rows : squeeze(rows, -1), nan, x);
}

// Calls body with each tensor of an alignment that there is.
template <class Body>
void for_each(Alignment& alignment, Body&& body) {
  for (Tensor* x : {&alignment.weights, &alignment.log_weights, &alignment.log_probability, &alignment.entropy})
    if (x->defined()) body(*x);
}

struct Scored {
  Alignment alignment;
  Tensor damaged_rows;  // undefined when there are none
};

Scored score_and_align(const BasicAttention& layer, const Tensor& query, const AttentionMemory& memory,
                       const AttentionStep& step) {
  const Tensor scores = layer.score().compare(query, memory.keys);  // (1) [B, Tq, Tk]
  if (scores.dim() != 3 || scores.size(0) != memory.values.size(0) || scores.size(2) != memory.values.size(1))
    throw ShapeError(fmt::format("{}: query {}, values {} make scores {}; need one batch for all", place(layer),
                                 describe(query), describe(memory.values), describe(scores)));
  check_mask(place(layer), memory.mask, scores.shape());
  check_mask(place(layer), step.mask, scores.shape());
  const Tensor mask = both_masks(memory.mask, step.mask);
  Scored out{layer.align().weigh({scores, mask, query, step.first, step.generator, step.expectation}),
             {}};  // (2) [B, Tq, Tk]
  if (memory.damaged.defined()) out.damaged_rows = attends_any(both_masks(mask, memory.damaged));
  return out;
}

// Shows the damage, tells a collector, and drops the dimension of a single query that came without one.
Alignment finished(const BasicAttention& layer, const Tensor& query, Scored&& scored) {
  if (scored.damaged_rows.defined())
    for_each(scored.alignment, [&](Tensor& x) { show_damage(scored.damaged_rows, x); });
  report_weights(layer, scored.alignment.weights);
  if (query.dim() == 2) for_each(scored.alignment, [](Tensor& x) { x = squeeze(x, 1); });
  return std::move(scored.alignment);
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
  Tensor context = matmul(scored.alignment.weights, memory.values);  // (3) [B, Tq, Dv]
  if (scored.damaged_rows.defined()) show_damage(scored.damaged_rows, context);
  if (query.dim() == 2) context = squeeze(context, 1);
  return {context, finished(*this, query, std::move(scored))};
}

Alignment BasicAttention::point(const Tensor& query, const AttentionMemory& memory, const AttentionStep& step) const {
  return finished(*this, query, score_and_align(*this, with_queries(query), memory, step));
}

}  // namespace fovea
