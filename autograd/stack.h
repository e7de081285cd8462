// The memory operation of a stack-augmented recurrent network (Joulin & Mikolov 2015, arXiv 1503.01007), fused, with
// its plain formula beside it in autograd/ops/stack.cpp.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

// One step of S stacks of p cells, top first:
//   y[i] = a[POP] s[i+1] + a[NO-OP] s[i] + a[PUSH] s[i-1],  s[-1] = v above the top, s[p] = -1 below the last cell
// stacks s [B, S, p], pushed v [B, S, 1], actions a [B, S, 3] of POP, NO-OP, PUSH or [B, S, 2] of POP, PUSH -> [B, S,
// p]. Errors: ShapeError, DTypeError.
Tensor stack_update(const Tensor& stacks, const Tensor& pushed, const Tensor& actions);

}  // namespace fovea
