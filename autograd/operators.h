// Operators of tensors: each is the op that its heading names, elementwise, on tensors and numbers from either side.
// Written by ./dev ops from autograd/ops.h; edit that.
//
// a == b is a tensor of bool, as in PyTorch; equal(a, b) asks whether they are the same, a.is_same(b) whether they are
// one tensor. `&` and `|` take every element of both sides: no short cut, and they bind less tightly than a comparison.
//
// a += b writes a's elements in place, as in PyTorch, so that all handles to them see it; its shape and type stay. Only
// when the tape records the sum does `a` become a new tensor, a + b, and other handles keep the old one: the tape never
// sees a write, and `loss += term` has the gradient one expects. A leaf that requires a gradient is refused while the
// tape records, as in PyTorch; x[0] += b, which writes into x, is refused where it would have to be recorded.
#pragma once

#include <fovea/autograd/ops.h>

namespace fovea {

namespace detail {
Tensor& assign(const char* op, Tensor& a, const Tensor& result);
void assign_part(const char* op, const Tensor& a, const Tensor& result);
}  // namespace detail

// add
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return add(b, a); }
inline Tensor& operator+=(Tensor& a, const Tensor& b) { return detail::assign("+=", a, add(a, b)); }
inline void operator+=(Tensor&& a, const Tensor& b) { detail::assign_part("+=", a, add(a, b)); }
inline Tensor& operator+=(Tensor& a, double b) { return detail::assign("+=", a, add(a, b)); }
inline void operator+=(Tensor&& a, double b) { detail::assign_part("+=", a, add(a, b)); }

// sub
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, double b) { return sub(a, b); }
inline Tensor operator-(double a, const Tensor& b) { return sub(a, b); }
inline Tensor& operator-=(Tensor& a, const Tensor& b) { return detail::assign("-=", a, sub(a, b)); }
inline void operator-=(Tensor&& a, const Tensor& b) { detail::assign_part("-=", a, sub(a, b)); }
inline Tensor& operator-=(Tensor& a, double b) { return detail::assign("-=", a, sub(a, b)); }
inline void operator-=(Tensor&& a, double b) { detail::assign_part("-=", a, sub(a, b)); }

// mul
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
inline Tensor& operator*=(Tensor& a, const Tensor& b) { return detail::assign("*=", a, mul(a, b)); }
inline void operator*=(Tensor&& a, const Tensor& b) { detail::assign_part("*=", a, mul(a, b)); }
inline Tensor& operator*=(Tensor& a, double b) { return detail::assign("*=", a, mul(a, b)); }
inline void operator*=(Tensor&& a, double b) { detail::assign_part("*=", a, mul(a, b)); }

// div
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, double b) { return div(a, b); }
inline Tensor operator/(double a, const Tensor& b) { return div(a, b); }
inline Tensor& operator/=(Tensor& a, const Tensor& b) { return detail::assign("/=", a, div(a, b)); }
inline void operator/=(Tensor&& a, const Tensor& b) { detail::assign_part("/=", a, div(a, b)); }
inline Tensor& operator/=(Tensor& a, double b) { return detail::assign("/=", a, div(a, b)); }
inline void operator/=(Tensor&& a, double b) { detail::assign_part("/=", a, div(a, b)); }

// eq
inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator==(const Tensor& a, double b) { return eq(a, b); }
inline Tensor operator==(double a, const Tensor& b) { return eq(b, a); }

// ne
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator!=(const Tensor& a, double b) { return ne(a, b); }
inline Tensor operator!=(double a, const Tensor& b) { return ne(b, a); }

// lt
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<(const Tensor& a, double b) { return lt(a, b); }
inline Tensor operator<(double a, const Tensor& b) { return gt(b, a); }

// le
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator<=(const Tensor& a, double b) { return le(a, b); }
inline Tensor operator<=(double a, const Tensor& b) { return ge(b, a); }

// gt
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>(const Tensor& a, double b) { return gt(a, b); }
inline Tensor operator>(double a, const Tensor& b) { return lt(b, a); }

// ge
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator>=(const Tensor& a, double b) { return ge(a, b); }
inline Tensor operator>=(double a, const Tensor& b) { return le(b, a); }

inline Tensor operator&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return logical_or(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }
inline Tensor operator~(const Tensor& x) { return logical_not(x); }
inline Tensor operator!(const Tensor& x) { return logical_not(x); }

}  // namespace fovea
