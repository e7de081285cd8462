#include <fovea/autograd/non_finite.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/sdpa.h>

#include <limits>

namespace fovea {
namespace {

bool all_finite(const Tensor& x) {
  if (x.numel() == 0) return true;
  if (x.dim() < 2 || x.dim() > 4) return all(isfinite(x));
  const Tensor from = x.stride(-1) == 1 ? x : array::contiguous(x);
  const auto size = [&](int d) { return from.dim() >= d ? from.size(-d) : 1; };
  const auto stride = [&](int d) { return from.dim() >= d ? from.stride(-d) : 0; };
  // Rank 3 is a batch of one head.
  const bool heads = from.dim() == 4;
  return dispatch_floating(from.dtype(), [&](auto zero) {
    using T = decltype(zero);
    return kernels::all_finite<T>(size(heads ? 4 : 3), heads ? size(3) : 1, size(2), size(1),
                                  {from.data<T>(), stride(heads ? 4 : 3), heads ? stride(3) : 0, stride(2)});
  });
}

}  // namespace

FiniteRows finite_rows(const Tensor& x) {
  if (all_finite(x)) return {x, {}};
  const Tensor finite = gt(min(to(isfinite(x), f32), -1, true), scalar(0));  // [.., T, 1]
  return {where(finite, x, scalar(0, x.dtype())), logical_not(finite)};
}

Tensor with_nan(const Tensor& y, const Tensor& rows) {
  if (!rows.defined() || !is_floating(y.dtype())) return y;
  return where(rows, scalar(std::numeric_limits<double>::quiet_NaN(), y.dtype()), y);
}

Tensor either_rows(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? logical_or(a, b) : a;
}

Tensor non_finite_queries(const Tensor& mask, const Tensor& keys, const Tensor& queries) {
  const auto any_key = [](const Tensor& x) { return gt(max(to(x, f32), -1, true), scalar(0)); };
  const Tensor met = keys.defined() ? any_key(logical_and(mask, transpose(keys, -1, -2))) : keys;
  return either_rows(met, queries.defined() ? logical_and(queries, any_key(mask)) : queries);
}

}  // namespace fovea
