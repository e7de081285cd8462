// additive_score   e_ij = v . tanh(q_i + k_j)      Bahdanau, Cho, Bengio 2014, arXiv 1409.0473
// Shapes: query [B, Tq, A], keys [B, Tk, A], v [A] -> [B, Tq, Tk]. Backward works tanh out again instead of keeping it.
// Errors: ShapeError for other ranks or sizes; DTypeError.
#include <fmt/format.h>
#include <fovea/autograd/attention.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/additive.h>

namespace fovea {
namespace {

using Three = std::array<Tensor, 3>;

// The formula.
Tensor plain_score(const Tensor& query, const Tensor& keys, const Tensor& v) {
  const Tensor sums = unsqueeze(query, 2) + unsqueeze(keys, 1);  // [B, Tq, Tk, A]
  return matmul(tanh(sums), v);                                  // [B, Tq, Tk]
}

kernels::AdditiveSizes checked(const Tensor& query, const Tensor& keys, const Tensor& v) {
  check::floating("additive_score", query);
  check::same_dtype("additive_score", query, keys);
  check::same_dtype("additive_score", query, v);
  if (query.dim() != 3 || keys.dim() != 3 || v.dim() != 1 || query.size(0) != keys.size(0) ||
      query.size(2) != v.size(0) || keys.size(2) != v.size(0) || v.size(0) < 1)
    throw ShapeError(
        fmt::format("additive_score: query is {}, keys {}, v {}; need query[B, Tq, A], keys[B, Tk, A], v[A], A >= 1",
                    describe(query), describe(keys), describe(v)));
  return {query.size(0), query.size(1), keys.size(1), v.size(0)};
}

Three fused_backward(const kernels::AdditiveSizes& n, const Tensor& g, const Three& x) {
  const Three in{array::contiguous(x[0]), array::contiguous(x[1]), array::contiguous(x[2])};
  const Tensor from = array::contiguous(g), parts = empty({n.batch, n.width}, g.dtype());
  Three d{empty_like(in[0]), empty_like(in[1]), empty_like(in[2])};
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::additive_score_backward(n, from.data<T>(), in[0].data<T>(), in[1].data<T>(), in[2].data<T>(),
                                     parts.data<T>(), d[0].data<T>(), d[1].data<T>(), d[2].data<T>());
  });
  return d;
}

}  // namespace

Tensor additive_score(const Tensor& query, const Tensor& keys, const Tensor& v) {
  const kernels::AdditiveSizes n = checked(query, keys, v);
  if (reference_mode()) return plain_score(query, keys, v);
  checked_numel("additive_score", {n.batch, n.queries, n.keys});
  Tensor scores = empty({n.batch, n.queries, n.keys}, query.dtype());
  const Tensor q = array::contiguous(query), k = array::contiguous(keys), w = array::contiguous(v);
  dispatch_floating(scores.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::additive_score(n, q.data<T>(), k.data<T>(), w.data<T>(), scores.data<T>());
  });
  return record("additive_score", {query, keys, v}, scores,
                [n, q0 = saved(query), k0 = saved(keys), v0 = saved(v)](const Tensor& g) {
                  const Three x{q0.get(), k0.get(), v0.get()};
                  return grad_enabled() ? plain_vjp(plain_score, x, g) : fused_backward(n, g, x);
                });
}

}  // namespace fovea
