// One step of stacks of numbers (Joulin & Mikolov 2015), f32 and f64. Dense arrays: s, y [rows, cells], top first, v
// [rows], a [rows, actions] of POP, (NO-OP,) PUSH.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

struct Stacks {
  int64_t rows, cells, actions;  // actions: 2 or 3
};
// y(i) = POP s(i + 1) + NO-OP s(i) + PUSH s(i - 1), with s(-1) = v and s(cells) = -1.
void stack_update(DType dtype, const Stacks& n, const void* s, const void* v, const void* a, void* y);
// Gradients of s, v and a, given that of y.
void stack_update_backward(DType dtype, const Stacks& n, const void* g, const void* s, const void* v, const void* a,
                           void* ds, void* dv, void* da);

}  // namespace fovea::kernels
