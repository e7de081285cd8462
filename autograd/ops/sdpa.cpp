// scaled_dot_product_attention   y = softmax(q kᵀ / √d) v     Vaswani et al. 2017; see autograd/sdpa.h
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/sdpa.h>

#include <cmath>

namespace fovea {
namespace {

constexpr const char* kName = "scaled_dot_product_attention";
using Three = std::array<Tensor, 3>;

// The formula.
WeighedValues formula(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options,
                      const std::function<Tensor(const Tensor&)>& change = {}) {
  Tensor allowed = options.mask;
  if (options.causal) {
    const Tensor own = arange(options.first, options.first + q.size(2));
    const Tensor causal = le(arange(k.size(2)), unsqueeze(own, 1));  // [Tq, Tk]
    allowed = allowed.defined() ? logical_and(allowed, causal) : causal;
  }
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  const Tensor weights = softmax(matmul(q, transpose(k, 2, 3)) * scale, -1, allowed);  // A [B, H, Tq, Tk]
  return {matmul(change ? change(weights) : weights, v), weights};
}

kernels::SdpaSizes checked(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  check::floating(kName, q);
  check::same_dtype(kName, q, k);
  check::same_dtype(kName, q, v);
  const auto same = [&](int d, const Tensor& a, const Tensor& b) { return a.shape()[d] == b.shape()[d]; };
  if (q.dim() != 4 || k.dim() != 4 || v.dim() != 4 || !same(0, q, k) || !same(1, q, k) || !same(3, q, k) ||
      !same(0, k, v) || !same(1, k, v) || !same(2, k, v) || q.size(3) < 1 || v.size(3) < 1)
    throw ShapeError(
        fmt::format("{}: q is {}, k {}, v {}; need q[B, H, Tq, d], k[B, H, Tk, d], v[B, H, Tk, dv], d >= 1, dv >= 1",
                    kName, describe(q), describe(k), describe(v)));
  if (options.mask.defined()) {
    check::dtype(kName, "mask", options.mask, boolean);
    const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
    if (options.mask.dim() > 4 || !(broadcast_shapes(kName, options.mask.shape(), scores) == scores))
      throw ShapeError(fmt::format("{}: the mask is {}, the scores are {}; need a mask that broadcasts to the scores",
                                   kName, describe(options.mask), scores.str()));
  }
  return {q.size(0), q.size(1), q.size(2), k.size(2), q.size(3), v.size(3), options.causal, options.first};
}

// x itself if the features of a row are adjacent, else a copy.
Tensor with_rows(const Tensor& x) { return x.stride(3) == 1 || x.size(3) == 1 ? x : array::contiguous(x); }

template <class T>
kernels::HeadRows<T> rows(const Tensor& x) {
  return {x.data<std::remove_const_t<T>>(), x.stride(0), x.stride(1), x.stride(2)};
}

// Room for [B, H, T, d] that lies in memory as [B, T, H, d], which is how heads are joined.
Tensor empty_heads(const Tensor& like, int64_t features) {
  return array::transpose(empty({like.size(0), like.size(2), like.size(1), features}, like.dtype()), 1, 2);
}

kernels::SdpaMask steps_of(const Tensor& mask) {
  if (!mask.defined()) return {};
  const Shape s = mask.strides();
  return {mask.data<bool>(), s[0], s[1], s[2], s[3]};
}

Three fused_backward(const kernels::SdpaSizes& n, const Tensor& g, const Three& x, const Tensor& mask, const Tensor& y,
                     const Tensor& log_sums) {
  const Tensor from = with_rows(g);
  Three d{empty_heads(x[0], n.width), empty_heads(x[1], n.width), empty_heads(x[2], n.value_width)};
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::sdpa_backward<T>(
        n, {rows<const T>(x[0]), rows<const T>(x[1]), rows<const T>(x[2]), rows<const T>(y), log_sums.data<T>()},
        steps_of(mask), rows<const T>(from), {rows<T>(d[0]), rows<T>(d[1]), rows<T>(d[2])});
  });
  return d;
}

// All elements finite.
Tensor fused(const kernels::SdpaSizes& n, const Tensor& q, const Tensor& k, const Tensor& v,
             const SdpaOptions& options) {
  const Three x{with_rows(q), with_rows(k), with_rows(v)};
  const Tensor mask =
      options.mask.defined() ? array::expand(options.mask, {n.batch, n.heads, n.queries, n.keys}) : Tensor();
  const Tensor y = empty_heads(q, n.value_width), log_sums = empty({n.batch, n.heads, n.queries}, q.dtype());
  dispatch_floating(q.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::sdpa<T>(n, rows<const T>(x[0]), rows<const T>(x[1]), rows<const T>(x[2]), steps_of(mask), rows<T>(y),
                     log_sums.data<T>());
  });
  return record(
      kName, {q, k, v}, y,
      [n, options, mask, log_sums, q0 = saved(q), k0 = saved(k), v0 = saved(v),
       y0 = saved(y)](const Tensor& g) -> Three {
        const Three in{q0.get(), k0.get(), v0.get()};
        if (!grad_enabled())
          return fused_backward(n, g, {with_rows(in[0]), with_rows(in[1]), with_rows(in[2])}, mask, y0.get(), log_sums);
        const auto plain = [&options](std::span<const Tensor> z) {
          return std::vector<Tensor>{formula(z[0], z[1], z[2], options).context};
        };
        std::vector<Tensor> found = plain_vjp(plain, in, {&g, 1});
        return {found[0], found[1], found[2]};
      });
}

bool finite(const Tensor& x) {
  const Tensor from = with_rows(x);
  return dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    return kernels::all_finite<T>(x.size(0), x.size(1), x.size(2), x.size(3), rows<const T>(from));
  });
}

// Where all features of a row are finite, bool [B, H, T, 1].
Tensor finite_rows(const Tensor& x) { return gt(min(to(isfinite(x), f32), -1, true), scalar(0)); }

// The inputs with zeros for the rows that hold NaN or inf, and which queries have to do with those.
struct Repaired {
  Tensor q, k, v;
  Tensor spoiled;  // bool [B, H, Tq, 1]
};
Repaired repaired(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  const Tensor good_query = finite_rows(q), good_key = logical_and(finite_rows(k), finite_rows(v));
  const Tensor zero = scalar(0, q.dtype());
  Repaired out{where(good_query, q, zero), where(good_key, k, zero), where(good_key, v, zero), {}};
  const NoGrad quiet;
  // With equal scores a query reads above 0 where it may attend to a bad key, and to any key at all.
  const Tensor bad = to(logical_not(good_key), q.dtype());
  const Tensor q0 = zeros({q.size(0), q.size(1), q.size(2), 1}, q.dtype()), both = cat({bad, ones_like(bad)}, -1);
  const Tensor k0 = zeros_like(bad);
  const Tensor met = gt(fused(checked(q0, k0, both, options), q0, k0, both, options), zero);
  out.spoiled = logical_or(slice(met, -1, 0, 1), logical_and(slice(met, -1, 1, 2), logical_not(good_query)));
  return out;
}

Tensor spoil(const Tensor& x, const Tensor& spoiled) {
  return where(spoiled, scalar(std::numeric_limits<double>::quiet_NaN(), x.dtype()), x);
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  const kernels::SdpaSizes n = checked(q, k, v, options);
  if (reference_mode()) return plain_sdpa(q, k, v, options).context;
  if (finite(q) && finite(k) && finite(v)) return fused(n, q, k, v, options);
  const Repaired x = repaired(q, k, v, options);
  return spoil(fused(n, x.q, x.k, x.v, options), x.spoiled);
}

WeighedValues plain_sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options,
                         const std::function<Tensor(const Tensor&)>& change) {
  checked(q, k, v, options);
  if (finite(q) && finite(k) && finite(v)) return formula(q, k, v, options, change);
  const Repaired x = repaired(q, k, v, options);
  const WeighedValues y = formula(x.q, x.k, x.v, options, change);
  return {spoil(y.context, x.spoiled), spoil(y.weights, x.spoiled)};
}

namespace {

// No row is masked wholly by chance alone: samples with such rows say so.
std::vector<OpSample> sdpa_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, const Shape& s, const SdpaOptions& options = {}) {  // B H Tq Tk d dv
    samples.push_back(
        {std::move(label),
         {make.uniform({s[0], s[1], s[2], s[4]}, -1, 1), make.uniform({s[0], s[1], s[3], s[4]}, -1, 1),
          make.uniform({s[0], s[1], s[3], s[5]}, -1, 1)},
         [options](const std::vector<Tensor>& x) { return scaled_dot_product_attention(x[0], x[1], x[2], options); }});
  };
  const auto mask = [](std::initializer_list<bool> values, const Shape& shape) { return tensor<bool>(values, shape); };
  sizes("one of each", {1, 1, 1, 1, 1, 1});
  sizes("one query", {2, 1, 1, 3, 2, 3});
  sizes("more keys than queries", {1, 2, 2, 4, 3, 2});
  sizes("more queries than the few", {1, 1, 6, 3, 2, 1});
  sizes("past a vector", {1, 1, 5, 2, 17, 1});
  sizes("past a tile of keys", {1, 1, 1, 66, 1, 1});
  sizes("past a tile of queries", {1, 1, 66, 2, 1, 1});
  sizes("causal", {1, 2, 5, 5, 2, 2}, {.causal = true});
  sizes("causal, later queries", {1, 1, 2, 4, 2, 1}, {.causal = true, .first = 2});
  sizes("causal, queries that see nothing", {1, 1, 5, 3, 2, 1}, {.causal = true, .first = -2});
  sizes("masked keys", {2, 1, 5, 3, 2, 2}, {.mask = mask({true, false, true, true, true, false}, {2, 1, 1, 3})});
  sizes("a mask of queries and keys", {1, 2, 2, 3, 2, 1},
        {.mask = mask({true, false, true, false, true, true}, {2, 3})});
  sizes("a mask of each head, causal", {1, 2, 5, 2, 1, 2},
        {.mask = mask({true, false, true, true}, {1, 2, 1, 2}), .causal = true});
  sizes("a row masked wholly", {1, 1, 5, 2, 2, 2},
        {.mask = mask({true, true, false, false, true, false, false, true, true, true}, {5, 2})});
  sizes("no keys", {1, 2, 2, 0, 2, 2});
  sizes("no queries", {1, 1, 0, 2, 2, 2});
  sizes("no batch", {0, 1, 2, 2, 2, 2});
  samples.push_back(
      {"large scores",
       {make.uniform({1, 1, 5, 2}, -30, 30), make.uniform({1, 1, 3, 2}, -30, 30), make.uniform({1, 1, 3, 1}, -1, 1)},
       [](const std::vector<Tensor>& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
       false});
  samples.push_back({"the same tensor three times",
                     {make.uniform({1, 2, 5, 2}, -1, 1)},
                     [](const std::vector<Tensor>& x) { return scaled_dot_product_attention(x[0], x[0], x[0]); }});
  return samples;
}

InvalidCall wrong(std::string label, const Shape& q, const Shape& k, const Shape& v, const Tensor& mask = {}) {
  return {std::move(label), [=] { scaled_dot_product_attention(ones(q), ones(k), ones(v), {.mask = mask}); }};
}

const OpSpec sdpa_spec = OpSpec::add({
    .name = kName,
    .formula = "y = softmax(q kᵀ / √d) v",
    .samples = sdpa_samples,
    .invalid = {wrong("scalar", {}, {}, {}),
                wrong("1-D", {4}, {4}, {4}),
                wrong("rank", {2, 3, 4}, {2, 3, 4}, {2, 3, 4}),
                wrong("rank of the keys", {1, 1, 3, 4}, {1, 3, 4}, {1, 1, 3, 4}),
                wrong("rank of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 3, 4}),
                wrong("batch of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {2, 1, 3, 4}),
                wrong("heads of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 2, 3, 4}),
                wrong("no features of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 0}),
                wrong("mask of rank 5", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, zeros({1, 1, 1, 3, 2}, boolean)),
                wrong("heads", {1, 2, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}),
                wrong("batch", {2, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}),
                wrong("width", {1, 1, 3, 4}, {1, 1, 3, 5}, {1, 1, 3, 4}),
                wrong("keys and values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 2, 4}),
                wrong("no features", {1, 1, 3, 0}, {1, 1, 3, 0}, {1, 1, 3, 1}),
                wrong("mask of numbers", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, ones({3, 2})),
                wrong("mask of another size", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, zeros({3, 3}, boolean)),
                wrong("mask that is larger", {1, 1, 3, 4}, {1, 1, 1, 4}, {1, 1, 1, 4}, zeros({3, 3}, boolean)),
                {"types",
                 [] { scaled_dot_product_attention(ones({1, 1, 1, 1}), ones({1, 1, 1, 1}, f64), ones({1, 1, 1, 1})); }},
                {"undefined", [] { scaled_dot_product_attention(Tensor(), ones({1, 1, 1, 1}), ones({1, 1, 1, 1})); }}},
    .also_records = {},
});

}  // namespace
}  // namespace fovea
