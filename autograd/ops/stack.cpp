#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/stack.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/stack.h>

namespace fovea {
namespace {

using Three = std::array<Tensor, 3>;

// On the ring [s ; -1 ; v] both ends come by themselves: a convolution of the stack with its actions.
Tensor plain_stack_update(const Tensor& s, const Tensor& v, const Tensor& a) {
  const Tensor ring = cat({s, full(v.shape(), -1, s.dtype()), v}, 2);
  const Tensor taps = a.size(2) == 3 ? a : cat({slice(a, 2, 0, 1), zeros_like(v), slice(a, 2, 1)}, 2);
  return slice(circular_convolution(ring, taps), 2, 0, s.size(2));
}

kernels::Stacks sizes_of(const Tensor& s, const Tensor& v, const Tensor& a) {
  check::floating("stack_update", s);
  check::same_dtype("stack_update", s, v);
  check::same_dtype("stack_update", s, a);
  const auto fits = [&] {
    if (s.dim() != 3 || v.dim() != 3 || a.dim() != 3) return false;
    return v.shape() == Shape{s.size(0), s.size(1), 1} && a.size(0) == s.size(0) && a.size(1) == s.size(1) &&
           (a.size(2) == 2 || a.size(2) == 3);
  };
  if (!fits())
    throw ShapeError(
        fmt::format("stack_update: stacks are {}, pushed {}, actions {}; need stacks[B, S, p], pushed[B, S, 1], "
                    "actions[B, S, 3] or [B, S, 2]",
                    describe(s), describe(v), describe(a)));
  return {s.size(0) * s.size(1), s.size(2), a.size(2)};
}

}  // namespace

Tensor stack_update(const Tensor& stacks, const Tensor& pushed, const Tensor& actions) {
  const kernels::Stacks n = sizes_of(stacks, pushed, actions);
  if (reference_mode()) return plain_stack_update(stacks, pushed, actions);
  Tensor y = empty(stacks.shape(), stacks.dtype());
  const Tensor s = array::contiguous(stacks), v = array::contiguous(pushed), a = array::contiguous(actions);
  kernels::stack_update(s.dtype(), n, s.raw(), v.raw(), a.raw(), y.raw());
  return record("stack_update", {stacks, pushed, actions}, y,
                [n, s0 = saved(stacks), v0 = saved(pushed), a0 = saved(actions)](const Tensor& g) {
                  const Three x{s0.get(), v0.get(), a0.get()};
                  if (grad_enabled()) return plain_vjp(plain_stack_update, x, g);
                  const Tensor dy = array::contiguous(g);
                  Three z, d;
                  for (size_t i = 0; i < 3; ++i) d[i] = empty_like(z[i] = array::contiguous(x[i]));
                  kernels::stack_update_backward(g.dtype(), n, dy.raw(), z[0].raw(), z[1].raw(), z[2].raw(), d[0].raw(),
                                                 d[1].raw(), d[2].raw());
                  return d;
                });
}

}  // namespace fovea
