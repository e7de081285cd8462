// Binary elementwise ops. Shapes broadcast through the differentiable expand, so no vjp here un-broadcasts.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/internal/last_op.h>
#include <fovea/core/kernels/elementwise.h>

namespace fovea {
namespace {

using kernels::Binary;
using kernels::Unary;
using Pair = std::array<Tensor, 2>;

void check_operands(const char* op, const Tensor& a, const Tensor& b, bool floating) {
  check::same_dtype(op, a, b);
  floating ? check::floating(op, a) : check::number(op, a);
}

// The walk over strided elements stays out of the short path.
[[gnu::noinline]] void apply_strided(Binary kind, const Tensor& a, const Tensor& b, const Tensor& y) {
  kernels::binary(kind, a.dtype(), {a.shape(), y.strides(), a.strides(), b.strides()}, a.raw(), b.raw(), y.raw());
}
[[gnu::noinline]] void apply_strided(Unary kind, const Tensor& x, double p, const Tensor& y) {
  kernels::unary(kind, x.dtype(), {x.shape(), y.strides(), x.strides()}, x.raw(), y.raw(), p);
}

Tensor apply(Binary kind, const Tensor& a, const Tensor& b) {
  Tensor y = empty_like(a);
  const detail::TensorImpl &u = *a.impl(), &v = *b.impl();
  if (u.contiguous && v.contiguous)
    kernels::binary(kind, u.dtype, u.numel, u.data, v.data, y.raw());
  else
    apply_strided(kind, a, b, y);
  return y;
}

// g x, written over g where nobody else sees it.
Tensor multiply(Tensor g, const Tensor& x) {
  const detail::TensorImpl &u = *g.impl(), &v = *x.impl();
  if (!expendable(g) || !v.contiguous) return mul(g, x);
  kernels::binary(Binary::mul, u.dtype, u.numel, u.data, v.data, u.data);
  return g;
}

Tensor apply(Unary kind, const Tensor& x, double p) {
  Tensor y = empty_like(x);
  if (x.is_contiguous())
    kernels::unary(kind, x.dtype(), x.numel(), x.raw(), y.raw(), p);
  else
    apply_strided(kind, x, p, y);
  return y;
}

// Brings both operands to their common shape and calls body(a, b).
template <class Body>
Tensor broadcast(const char* op, const Tensor& a, const Tensor& b, bool floating, Body&& body) {
  if (!a.defined() || !b.defined() || a.dtype() != b.dtype() || !is_floating(a.dtype()))
    check_operands(op, a, b, floating);
  detail::last_checked_op = op;
  if (a.shape() == b.shape()) return body(a, b);
  const Shape shape = broadcast_shapes(op, a.shape(), b.shape());
  return body(expand(a, shape), expand(b, shape));
}

// A number as an operand of `like`'s type, which must be able to hold it.
Tensor scalar_for(const char* op, double value, const Tensor& like) {
  require_fits(op, value, like.dtype());
  return scalar(value, like.dtype());
}

// 1 where a wins, 1/2 at a tie, 0 where b wins: the share of the gradient that goes to a.
Tensor share_of(const Tensor& wins, const Tensor& tie, DType dtype) { return to(wins, dtype) + to(tie, dtype) * 0.5; }

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return broadcast("add", a, b, false, [](const Tensor& x, const Tensor& y) {
    return record("add", {x, y}, apply(Binary::add, x, y), [](Tensor g) { return Pair{g, std::move(g)}; });
  });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return broadcast("sub", a, b, false, [](const Tensor& x, const Tensor& y) {
    return record("sub", {x, y}, apply(Binary::sub, x, y), [](const Tensor& g) {
      return Pair{g, needs_grad(1) ? neg(g) : Tensor()};
    });
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return broadcast("mul", a, b, false, [](const Tensor& x, const Tensor& y) {
    return record("mul", {x, y}, apply(Binary::mul, x, y), [x = saved(x), y = saved(y)](Tensor g) {
      Tensor dy = needs_grad(1) ? mul(g, x.get()) : Tensor();
      return Pair{needs_grad(0) ? multiply(std::move(g), y.get()) : Tensor(), std::move(dy)};
    });
  });
}

Tensor div(const Tensor& a, const Tensor& b) {
  return broadcast("div", a, b, true, [](const Tensor& x, const Tensor& y) {
    Tensor z = apply(Binary::div, x, y);
    return record("div", {x, y}, z, [y = saved(y), z = saved(z)](const Tensor& g) {
      const Tensor scaled = g / y.get();
      return Pair{scaled, needs_grad(1) ? neg(scaled * z.get()) : Tensor()};
    });
  });
}

Tensor pow(const Tensor& base, const Tensor& exponent) {
  return broadcast("pow", base, exponent, true, [](const Tensor& x, const Tensor& p) {
    Tensor y = apply(Binary::pow, x, p);
    return record("pow", {x, p}, y, [x = saved(x), p = saved(p), y = saved(y)](const Tensor& g) {
      Pair out;
      const Tensor zero = scalar(0, g.dtype());
      if (needs_grad(0)) {
        const Tensor slope = p.get() * pow(x.get(), p.get() - 1.0);
        out[0] = g * where(eq(p.get(), zero), zero, slope);
      }
      if (needs_grad(1)) {
        const Tensor nothing = eq(x.get(), zero);
        const Tensor safe = where(nothing, scalar(1, g.dtype()), x.get());
        out[1] = g * where(nothing, zero, y.get() * log(safe));
      }
      return out;
    });
  });
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  return broadcast("minimum", a, b, false, [](const Tensor& x, const Tensor& y) {
    return record("minimum", {x, y}, apply(Binary::minimum, x, y), [x = saved(x), y = saved(y)](const Tensor& g) {
      const Tensor share = share_of(lt(x.get(), y.get()), eq(x.get(), y.get()), g.dtype());
      return Pair{g * share, g * (1.0 - share)};
    });
  });
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return broadcast("maximum", a, b, false, [](const Tensor& x, const Tensor& y) {
    return record("maximum", {x, y}, apply(Binary::maximum, x, y), [x = saved(x), y = saved(y)](const Tensor& g) {
      const Tensor share = share_of(gt(x.get(), y.get()), eq(x.get(), y.get()), g.dtype());
      return Pair{g * share, g * (1.0 - share)};
    });
  });
}

Tensor add(const Tensor& a, double b) {
  check::defined("add", a);
  if (!is_floating(a.dtype())) return add(a, scalar_for("add", b, a));
  return record("add_scalar", {a}, apply(Unary::add, a, b), [](const Tensor& g) { return g; });
}

Tensor sub(const Tensor& a, double b) {
  check::defined("sub", a);
  return is_floating(a.dtype()) ? add(a, -b) : sub(a, scalar_for("sub", b, a));
}

Tensor sub(double a, const Tensor& b) {
  check::defined("sub", b);
  return is_floating(b.dtype()) ? add(neg(b), a) : sub(scalar_for("sub", a, b), b);
}

Tensor mul(const Tensor& a, double b) {
  check::defined("mul", a);
  if (!is_floating(a.dtype())) return mul(a, scalar_for("mul", b, a));
  return record("mul_scalar", {a}, apply(Unary::mul, a, b), [b](const Tensor& g) { return mul(g, b); });
}

// Not the product with 1 / b, whose last bit differs and which overflows where b is tiny.
Tensor div(const Tensor& a, double b) {
  check::floating("div", a);
  return record("div_scalar", {a}, apply(Unary::div, a, b), [b](const Tensor& g) { return div(g, b); });
}

Tensor div(double a, const Tensor& b) {
  check::floating("div", b);
  return div(scalar(a, b.dtype()), b);
}

Tensor pow(const Tensor& base, double exponent) {
  check::floating("pow", base);
  if (exponent == 2) return square(base);
  return record("pow_scalar", {base}, apply(Unary::pow, base, exponent), [x = saved(base), exponent](const Tensor& g) {
    if (exponent == 0) return mul(g, 0.0);
    return g * pow(x.get(), exponent - 1) * exponent;
  });
}

}  // namespace fovea
