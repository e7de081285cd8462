#include <fmt/format.h>
#include <fovea/autograd/parts.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/init.h>

#include <algorithm>

namespace fovea {
namespace {

constexpr const char* kType = "MultiHeadAttention";

int64_t checked_size(const MultiHeadOptions& o) {
  if (o.embed_dim < 1 || o.heads < 1 || o.embed_dim % o.heads != 0 || o.key_size < 0 || o.value_size < 0)
    throw ValueError(fmt::format(
        "MultiHeadAttention: embed_dim {}, heads {}, key_size {}, value_size {}; need heads that divide embed_dim",
        o.embed_dim, o.heads, o.key_size, o.value_size));
  return o.embed_dim;
}

// [B, T, N D] -> N times [B, H, T, d], views.
template <size_t N>
std::array<Tensor, N> by_heads(const Tensor& x, int64_t heads) {
  const int64_t B = x.size(0), T = x.size(1), parts = static_cast<int64_t>(N), d = x.size(2) / (parts * heads);
  if constexpr (N == 1) return {transpose(reshape(x, {B, T, heads, d}), 1, 2)};
  std::array<Tensor, N> each = unbind<N>(reshape(x, {B, T, parts, heads, d}), 2);
  for (Tensor& part : each) part = transpose(part, 1, 2);
  return each;
}

// Where some rows may be masked, those that hold NaN or inf come out as NaN, but count as zeros for the gradient of the
// weights.
Tensor project_rows(const Tensor& x, const Tensor& weight, const Tensor& bias, bool masked) {
  if (!masked) return linear(x, weight, bias);
  const FiniteRows rows = finite_rows(x);
  return with_nan(linear(rows.x, weight, bias), rows.non_finite);
}

// Room for `capacity` positions, the first `length` of them filled with x's.
Tensor roomy(const Tensor& x, int64_t length, int64_t capacity) {
  Tensor room = empty({x.size(0), x.size(1), capacity, x.size(3)}, x.dtype());
  array::copy(array::slice(room, 2, 0, length), array::slice(x, 2, 0, length));
  return room;
}

}  // namespace

KeysValues KeyValueCache::extend(const KeysValues& more) {
  const Tensor &k = more.keys, &v = more.values;
  const int64_t after = length_ + k.size(2);
  if (!held_.keys.defined()) held_ = {roomy(k, 0, 0), roomy(v, 0, 0)};
  if (held_.keys.size(0) != k.size(0) || held_.keys.dtype() != k.dtype())
    throw ShapeError(fmt::format("KeyValueCache: it holds {}, the new keys are {}; need the same batch and type",
                                 describe(held_.keys), describe(k)));
  if (const int64_t room = held_.keys.size(2); after > room) {
    const int64_t capacity = std::max<int64_t>({64, after, 2 * room});
    held_ = {roomy(held_.keys, length_, capacity), roomy(held_.values, length_, capacity)};
  }
  array::copy(array::slice(held_.keys, 2, length_, after), k);
  array::copy(array::slice(held_.values, 2, length_, after), v);
  length_ = after;
  return {array::slice(held_.keys, 2, 0, after), array::slice(held_.values, 2, 0, after)};
}

void KeyValueCache::shorten(int64_t length) {
  if (length < 0 || length > length_)
    throw IndexError(fmt::format("KeyValueCache: {} of {} positions cannot be kept", length, length_));
  length_ = length;
}

HeadProjections::HeadProjections(const MultiHeadOptions& o, Generator& generator)
    : out_proj(checked_size(o), o.embed_dim, o.bias, generator),
      embed_dim_(o.embed_dim),
      heads_(o.heads),
      key_size_(o.key_size == 0 ? o.embed_dim : o.key_size),
      value_size_(o.value_size == 0 ? o.embed_dim : o.value_size),
      dropout_(o.dropout) {
  const int64_t D = embed_dim_;
  if (key_size_ == D && value_size_ == D) {
    in_proj_weight = Parameter(init::xavier_uniform({3 * D, D}, generator));
  } else {
    q_proj_weight = Parameter(init::xavier_uniform({D, D}, generator));
    k_proj_weight = Parameter(init::xavier_uniform({D, key_size_}, generator));
    v_proj_weight = Parameter(init::xavier_uniform({D, value_size_}, generator));
  }
  if (!o.bias) return;
  in_proj_bias = Parameter(zeros({3 * D}));
  out_proj.bias = Parameter(zeros({D}));
}

void HeadProjections::members(Members& m) {
  m("in_proj_weight", in_proj_weight)("q_proj_weight", q_proj_weight)("k_proj_weight", k_proj_weight);
  m("v_proj_weight", v_proj_weight)("in_proj_bias", in_proj_bias)("out_proj", out_proj)("dropout", dropout_);
}

template <size_t N>
std::array<Tensor, N> HeadProjections::parts_of(const Tensor& x, int first, bool masked) const {
  const int64_t begin = first * embed_dim_, end = begin + static_cast<int64_t>(N) * embed_dim_;
  const Tensor bias = in_proj_bias.defined() ? slice(in_proj_bias, 0, begin, end) : Tensor();
  const Tensor* own[] = {&q_proj_weight.tensor(), &k_proj_weight.tensor(), &v_proj_weight.tensor()};
  const Tensor weight = packed() ? slice(in_proj_weight, 0, begin, end) : *own[first];
  return by_heads<N>(project_rows(x, weight, bias, masked), heads_);
}

HeadProjections::Projected HeadProjections::project_self(const Tensor& x, const MultiHeadCall& call) const {
  check_features(*this, kType, "input", x, 3, embed_dim_);
  const int64_t offset = call.cache != nullptr ? call.cache->length() : 0;
  const bool masked = call.mask.defined() || (call.causal && x.size(1) > 1);
  if (!packed()) project(x, x);  // throws: keys or values have another size
  const auto [Q, K, V] = by_heads<3>(project_rows(x, in_proj_weight, in_proj_bias, masked), heads_);
  Projected out{Q, {K, V}, {}};
  if (call.cache != nullptr) out.memory = call.cache->extend(out.memory);
  out.seen = checked_mask(out.queries, out.memory.keys, offset, call);
  return out;
}

KeysValues HeadProjections::project(const Tensor& key, const Tensor& value, bool masked) const {
  check_features(*this, kType, "key", key, 3, key_size_);
  check_features(*this, kType, "value", value, 3, value_size_);
  if (key.size(0) != value.size(0) || key.size(1) != value.size(1))
    throw ShapeError(fmt::format("{}: the key is {}, the value {}; need the same batch and length", place(*this, kType),
                                 describe(key), describe(value)));
  if (!packed() || !key.is_same(value)) return {parts_of<1>(key, 1, masked)[0], parts_of<1>(value, 2, masked)[0]};
  const auto [K, V] = parts_of<2>(key, 1, masked);
  return {K, V};
}

HeadProjections::Projected HeadProjections::project_query(const Tensor& query, const KeysValues& memory,
                                                          const MultiHeadCall& call) const {
  check_features(*this, kType, "query", query, 3, embed_dim_);
  if (call.cache != nullptr)
    throw ValueError(place(*this, kType) + ": a cache grows with the queries; it works in self-attention alone");
  const Tensor q = parts_of<1>(query, 0, call.mask.defined() || call.causal)[0];
  return {q, memory, checked_mask(q, memory.keys, 0, call)};
}

SdpaOptions HeadProjections::checked_mask(const Tensor& queries, const Tensor& keys, int64_t offset,
                                          const MultiHeadCall& call) const {
  const Tensor mask = call.mask.defined() && call.mask.dim() == 3 ? for_heads(call.mask) : call.mask;
  check_mask(*this, kType, mask, {queries.size(0), heads_, queries.size(2), keys.size(2)});
  return {mask, call.causal, offset};
}

Tensor HeadProjections::join(const Tensor& context) const {
  return out_proj(reshape(transpose(context, 1, 2), {context.size(0), context.size(2), embed_dim_}));
}

Tensor HeadProjections::unfold(const Tensor& x) const {
  Shape shape = Shape::filled(x.dim() + 1, heads_);
  shape[0] = x.size(0) / heads_;
  for (int d = 1; d < x.dim(); ++d) shape[d + 1] = x.size(d);
  return reshape(x, shape);
}

Tensor HeadProjections::fold_mask(const Projected& in) const {
  const int64_t Tq = in.queries.size(2), Tk = in.memory.keys.size(2);
  const Tensor mask = both_masks(in.seen.mask, in.seen.causal ? causal_mask(Tq, Tk, in.seen.offset) : Tensor());
  return mask.defined() ? fold(expand(mask, {in.queries.size(0), heads_, Tq, Tk})) : mask;
}

}  // namespace fovea
