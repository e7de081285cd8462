#include <fmt/format.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/core/array.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/init.h>

#include <algorithm>
#include <limits>

namespace fovea {
namespace {

std::string place(const Module& module) { return module.path().empty() ? "MultiHeadAttention" : module.path(); }

int64_t checked_size(const MultiHeadOptions& o) {
  if (o.size < 1 || o.heads < 1 || o.size % o.heads != 0 || o.key_size < 0 || o.value_size < 0)
    throw ValueError(
        fmt::format("MultiHeadAttention: size {}, heads {}, key_size {}, value_size {}; need heads that divide size",
                    o.size, o.heads, o.key_size, o.value_size));
  return o.size;
}

void check_input(const Module& layer, const char* what, const Tensor& x, int64_t size) {
  if (!x.defined() || x.dim() != 3 || x.size(2) != size)
    throw ShapeError(fmt::format("{}: the {} is {}; need [B, T, {}]", place(layer), what, describe(x), size));
}

// [B, T, H d] -> [B, H, T, d], a view.
Tensor by_heads(const Tensor& x, int64_t heads) {
  return transpose(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}

// A projection in which rows that hold NaN or inf come out as NaN, but count as zeros for the gradient of its weights.
Tensor project_rows(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor finite = isfinite(x);
  if (all(finite)) return linear(x, weight, bias);
  const Tensor good = gt(min(to(finite, f32), -1, true), scalar(0));  // [B, T, 1]
  const Tensor y = linear(where(good, x, scalar(0, x.dtype())), weight, bias);
  return where(good, y, scalar(std::numeric_limits<double>::quiet_NaN(), x.dtype()));
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

MultiHeadAttention::MultiHeadAttention(const MultiHeadOptions& o, Generator& generator)
    : out_proj(checked_size(o), o.size, o.bias, generator),
      size_(o.size),
      heads_(o.heads),
      key_size_(o.key_size == 0 ? o.size : o.key_size),
      value_size_(o.value_size == 0 ? o.size : o.value_size),
      dropout_(o.dropout) {
  if (key_size_ == size_ && value_size_ == size_) {
    in_proj_weight = Parameter(init::xavier_uniform({3 * size_, size_}, generator));
  } else {
    q_proj_weight = Parameter(init::xavier_uniform({size_, size_}, generator));
    k_proj_weight = Parameter(init::xavier_uniform({size_, key_size_}, generator));
    v_proj_weight = Parameter(init::xavier_uniform({size_, value_size_}, generator));
  }
  if (!o.bias) return;
  in_proj_bias = Parameter(zeros({3 * size_}));
  out_proj.bias = Parameter(zeros({size_}));
}

void MultiHeadAttention::members(Members& m) {
  m("in_proj_weight", in_proj_weight)("q_proj_weight", q_proj_weight)("k_proj_weight", k_proj_weight);
  m("v_proj_weight", v_proj_weight)("in_proj_bias", in_proj_bias)("out_proj", out_proj)("dropout", dropout_);
}

// (1) for one of Q, K, V: part 0, 1, 2.
Tensor MultiHeadAttention::project_part(const Tensor& x, int part) const {
  const int64_t begin = part * size_, end = begin + size_;
  const Tensor* own[] = {&q_proj_weight.tensor(), &k_proj_weight.tensor(), &v_proj_weight.tensor()};
  const Tensor weight = packed() ? slice(in_proj_weight, 0, begin, end) : *own[part];
  const Tensor bias = in_proj_bias.defined() ? slice(in_proj_bias, 0, begin, end) : Tensor();
  return by_heads(project_rows(x, weight, bias), heads_);
}

MultiHeadOutput MultiHeadAttention::operator()(const Tensor& x, const MultiHeadCall& call) const {
  if (!packed()) return (*this)(x, x, x, call);
  check_input(*this, "input", x, size_);
  const Tensor packed_all = project_rows(x, in_proj_weight, in_proj_bias);  // (1)
  const auto parts =
      unbind(reshape(packed_all, {x.size(0), x.size(1), 3, heads_, size_ / heads_}), 2);  // [B, T, H, d] each
  KeysValues memory{transpose(parts[1], 1, 2), transpose(parts[2], 1, 2)};
  const int64_t first = call.cache != nullptr ? call.cache->length() : 0;
  if (call.cache != nullptr) memory = call.cache->extend(memory);
  return read(transpose(parts[0], 1, 2), memory, first, call);
}

MultiHeadOutput MultiHeadAttention::operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                                               const MultiHeadCall& call) const {
  return attend(query, project(key, value), call);
}

KeysValues MultiHeadAttention::project(const Tensor& key, const Tensor& value) const {
  check_input(*this, "key", key, key_size_);
  check_input(*this, "value", value, value_size_);
  if (key.size(0) != value.size(0) || key.size(1) != value.size(1))
    throw ShapeError(fmt::format("{}: the key is {}, the value {}; need the same batch and length", place(*this),
                                 describe(key), describe(value)));
  if (!packed() || !key.is_same(value)) return {project_part(key, 1), project_part(value, 2)};
  const Tensor bias = in_proj_bias.defined() ? slice(in_proj_bias, 0, size_) : Tensor();
  const Tensor both = project_rows(key, slice(in_proj_weight, 0, size_), bias);
  const auto parts = unbind(reshape(both, {key.size(0), key.size(1), 2, heads_, size_ / heads_}), 2);
  return {transpose(parts[0], 1, 2), transpose(parts[1], 1, 2)};
}

MultiHeadOutput MultiHeadAttention::attend(const Tensor& query, const KeysValues& memory,
                                           const MultiHeadCall& call) const {
  check_input(*this, "query", query, size_);
  if (call.cache != nullptr)
    throw ValueError(place(*this) + ": a cache grows with the queries; it works in self-attention alone");
  return read(project_part(query, 0), memory, 0, call);
}

// (2) to (4); query 0 stands at position `first` of the keys.
MultiHeadOutput MultiHeadAttention::read(const Tensor& queries, const KeysValues& memory, int64_t first,
                                         const MultiHeadCall& call) const {
  const int64_t B = queries.size(0), Tq = queries.size(2);
  const Tensor mask = call.mask.defined() && call.mask.dim() == 3 ? for_heads(call.mask) : call.mask;
  check_mask(place(*this), mask, {B, heads_, Tq, memory.keys.size(2)});
  const SdpaOptions options{mask, call.causal, first};
  const bool drops = training() && dropout_.probability() > 0;
  MultiHeadOutput out;
  Tensor context;  // [B, H, Tq, d]
  if (!drops && call.weights == HeadWeights::none && !collecting_weights()) {
    context = scaled_dot_product_attention(queries, memory.keys, memory.values, options);  // (2), (3)
  } else {
    const auto change = [&](const Tensor& weights) { return dropout_(weights, call.generator); };
    const WeighedValues found = plain_sdpa(queries, memory.keys, memory.values, options, change);
    report_weights(*this, found.weights);
    context = found.context;
    if (call.weights == HeadWeights::each) out.weights = found.weights;
    if (call.weights == HeadWeights::averaged) out.weights = mean(found.weights, 1);
  }
  out.output = out_proj(reshape(transpose(context, 1, 2), {B, Tq, size_}));  // (4)
  return out;
}

}  // namespace fovea
