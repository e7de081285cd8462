// scaled_dot_product_attention   y = softmax(q kᵀ / √d) v     Vaswani et al. 2017; see autograd/sdpa.h
#include <fmt/format.h>
#include <fovea/autograd/check.h>
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
  Tensor non_finite;  // bool [B, H, Tq, 1]
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
  out.non_finite = logical_or(slice(met, -1, 0, 1), logical_and(slice(met, -1, 1, 2), logical_not(good_query)));
  return out;
}

Tensor show_non_finite(const Tensor& x, const Tensor& non_finite) {
  return where(non_finite, scalar(std::numeric_limits<double>::quiet_NaN(), x.dtype()), x);
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options) {
  const kernels::SdpaSizes n = checked(q, k, v, options);
  if (reference_mode()) return plain_sdpa(q, k, v, options).context;
  if (finite(q) && finite(k) && finite(v)) return fused(n, q, k, v, options);
  const Repaired x = repaired(q, k, v, options);
  return show_non_finite(fused(n, x.q, x.k, x.v, options), x.non_finite);
}

WeighedValues plain_sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const SdpaOptions& options,
                         const std::function<Tensor(const Tensor&)>& change) {
  checked(q, k, v, options);
  if (finite(q) && finite(k) && finite(v)) return formula(q, k, v, options, change);
  const Repaired x = repaired(q, k, v, options);
  const WeighedValues y = formula(x.q, x.k, x.v, options, change);
  return {show_non_finite(y.context, x.non_finite), show_non_finite(y.weights, x.non_finite)};
}

}  // namespace fovea
