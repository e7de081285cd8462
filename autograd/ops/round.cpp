// Functions that are constant between their steps: sign, floor, ceil, round (half to even). Their gradient is 0
// everywhere, as in PyTorch; of i64, floor, ceil and round are the number itself.
// Errors: DTypeError for bool.
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/unary.h>

namespace fovea {
namespace {

Tensor steps(const char* op, kernels::Unary kind, const Tensor& x) {
  return record(op, {x}, detail::apply(op, kind, x), [](const Tensor& g) { return zeros_like(g); });
}

}  // namespace

Tensor sign(const Tensor& x) { return steps("sign", kernels::Unary::sign, x); }
Tensor floor(const Tensor& x) { return steps("floor", kernels::Unary::floor, x); }
Tensor ceil(const Tensor& x) { return steps("ceil", kernels::Unary::ceil, x); }
Tensor round(const Tensor& x) { return steps("round", kernels::Unary::round, x); }

}  // namespace fovea
