// scaled_dot_product_attention   y = softmax(q kᵀ / √d) v     Vaswani et al. 2017; see autograd/sdpa.h
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/non_finite.h>
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

// What each query may attend to, [.., Tq, Tk]; undefined: everything.
Tensor allowed(const Tensor& q, const Tensor& k, const SdpaOptions& options) {
  if (!options.causal) return options.mask;
  const Tensor own = arange(options.offset, options.offset + q.size(2));
  const Tensor causal = le(arange(k.size(2)), unsqueeze(own, 1));  // [Tq, Tk]
  return options.mask.defined() ? logical_and(options.mask, causal) : causal;
}

// The formula.
WeighedValues formula(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options,
                      const SdpaChanges& change = {}) {
  const double scale = options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(3)));
  Tensor scores = matmul(q, transpose(k, 2, 3)) * scale;
  if (change.scores) scores = change.scores(scores);
  const Tensor weights = softmax(scores, -1, allowed(q, k, options));               // A [B, H, Tq, Tk]
  return {matmul(change.weights ? change.weights(weights) : weights, v), weights};  // y [B, H, Tq, dv]
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
  return {q.size(0), q.size(1),      q.size(2),      k.size(2),    q.size(3),
          v.size(3), options.causal, options.offset, options.scale};
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

Tensor fused(const kernels::SdpaSizes& n, const Tensor& q, const Tensor& k, const Tensor& v,
             const SdpaOptions& options) {
  checked_numel(kName, {n.batch, n.heads, n.queries, n.value_width});
  const Tensor y = empty_heads(q, n.value_width), log_sums = empty({n.batch, n.heads, n.queries}, q.dtype());
  const Three x{with_rows(q), with_rows(k), with_rows(v)};
  const Tensor mask =
      options.mask.defined() ? array::expand(options.mask, {n.batch, n.heads, n.queries, n.keys}) : Tensor();
  dispatch_floating(q.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::sdpa<T>(n, rows<const T>(x[0]), rows<const T>(x[1]), rows<const T>(x[2]), steps_of(mask), rows<T>(y),
                     log_sums.data<T>());
  });
  return record(kName, {q, k, v}, y,
                [n, mask0 = saved(mask), log_sums, q0 = saved(q), k0 = saved(k), v0 = saved(v),
                 y0 = saved(y)](const Tensor& g) -> Three {
                  const Three in{q0.get(), k0.get(), v0.get()};
                  const SdpaOptions then{mask0.get(), n.causal, n.offset, n.scale};
                  if (!grad_enabled())
                    return fused_backward(n, g, {with_rows(in[0]), with_rows(in[1]), with_rows(in[2])}, then.mask,
                                          y0.get(), log_sums);
                  const auto plain = [&then](std::span<const Tensor> z) {
                    return std::vector<Tensor>{formula(z[0], z[1], z[2], then).context};
                  };
                  std::vector<Tensor> found = plain_vjp(plain, in, {&g, 1});
                  return {found[0], found[1], found[2]};
                });
}

// Under a mask, the inputs without their rows that hold NaN or inf, and which queries have to do with those.
struct Contained {
  Tensor q, k, v;
  Tensor non_finite;  // bool [B, H, Tq, 1] or broadcasts to it; undefined: none
};
Contained contained(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  const bool masked = options.mask.defined() || (options.causal && options.offset + 1 < k.size(2));
  if (!masked || k.size(2) == 0) return {q, k, v, {}};
  const FiniteRows fq = finite_rows(q), fk = finite_rows(k), fv = finite_rows(v);
  const Tensor keys = either_rows(fk.non_finite, fv.non_finite);
  if (!keys.defined() && !fq.non_finite.defined()) return {q, k, v, {}};
  return {fq.x, fk.x, fv.x, non_finite_queries(allowed(q, k, options), keys, fq.non_finite)};
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  const kernels::SdpaSizes n = checked(q, k, v, options);
  if (reference_mode()) return plain_sdpa(q, k, v, options).context;
  const Contained x = contained(q, k, v, options);
  return with_nan(fused(n, x.q, x.k, x.v, options), x.non_finite);
}

WeighedValues plain_sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options,
                         const SdpaChanges& change) {
  checked(q, k, v, options);
  const Contained x = contained(q, k, v, options);
  const WeighedValues y = formula(x.q, x.k, x.v, options, change);
  return {with_nan(y.context, x.non_finite), with_nan(y.weights, x.non_finite)};
}

}  // namespace fovea
