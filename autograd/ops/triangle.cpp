// The lower and the upper triangle of matrices [..., m, n]: element (i, j) stays where j - i <= diagonal (tril) or
// >= diagonal (triu), the others are 0, whatever stood there.
// Errors: ShapeError below rank 2.
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

// j - i for each element of a matrix of x's size.
Tensor distance(const char* op, const Tensor& x) {
  check::rank_at_least(op, x, 2);
  return arange(x.size(-1)) - unsqueeze(arange(x.size(-2)), 1);
}

}  // namespace

Tensor tril(const Tensor& x, int64_t diagonal) {
  return masked_fill(x, gt(distance("tril", x), full({}, static_cast<double>(diagonal), i64)), 0);
}

Tensor triu(const Tensor& x, int64_t diagonal) {
  return masked_fill(x, lt(distance("triu", x), full({}, static_cast<double>(diagonal), i64)), 0);
}

}  // namespace fovea
