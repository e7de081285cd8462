// How the elementwise families run their kernels; internal to autograd/ops. Inline: a call would cost as much as a
// small tensor does.
#pragma once

#include <fovea/autograd/check.h>
#include <fovea/autograd/record.h>
#include <fovea/core/internal/last_op.h>
#include <fovea/core/kernels/elementwise.h>

namespace fovea::detail {

// The walk over strided elements stays out of the short path.
[[gnu::noinline]] inline void apply_strided(kernels::Unary kind, const Tensor& x, const Tensor& y, double p, double q) {
  kernels::unary(kind, x.dtype(), {x.shape(), y.strides(), x.strides()}, x.raw(), y.raw(), p, q);
}
[[gnu::noinline]] inline void apply_strided(kernels::Binary kind, const Tensor& g, const Tensor& saved,
                                            const Tensor& y) {
  kernels::binary(kind, g.dtype(), {g.shape(), y.strides(), g.strides(), saved.strides()}, g.raw(), saved.raw(),
                  y.raw());
}

// y = kind(x); p and q are the function's parameters.
inline Tensor apply(const char* op, kernels::Unary kind, const Tensor& x, double p = 0, double q = 0) {
  if (!x.defined() || !is_floating(x.dtype()))
    kernels::for_integers(kind) ? check::number(op, x) : check::floating(op, x);
  last_checked_op = op;
  Tensor y = empty_like(x);
  const detail::TensorImpl& u = *x.impl();
  if (u.contiguous)
    kernels::unary(kind, u.dtype, u.numel, u.data, y.raw(), p, q);
  else
    apply_strided(kind, x, y, p, q);
  return y;
}

// g and the saved tensor have one shape and type; written over g where nobody else holds that.
inline Tensor apply_backward(kernels::Binary kind, const Tensor& g, const Tensor& saved) {
  Tensor y = expendable(g) ? g : empty_like(g);
  const detail::TensorImpl &u = *g.impl(), &v = *saved.impl();
  if (u.contiguous && v.contiguous)
    kernels::binary(kind, u.dtype, u.numel, u.data, v.data, y.raw());
  else
    apply_strided(kind, g, saved, y);
  return y;
}

}  // namespace fovea::detail
