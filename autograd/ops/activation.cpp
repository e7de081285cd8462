// Activations beside those of unary.cpp.
//   silu        x sigmoid(x)                                   Elfwing, Uchibe, Doya 2017, arXiv 1702.03118
//   elu         x if x > 0 else alpha (e^x - 1)                Clevert, Unterthiner, Hochreiter 2015, arXiv 1511.07289
//   glu         a sigmoid(b), x = [a; b] along dim             Dauphin et al. 2016, arXiv 1612.08083
//   logsigmoid  ln sigmoid(x) = min(x, 0) - log1p(e^-|x|)
// Errors: DTypeError unless x is floating; ShapeError for a glu of an odd size.
#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/unary.h>

#include <limits>

namespace fovea {
namespace {

using kernels::Binary;
using kernels::Unary;
using Pair = std::array<Tensor, 2>;

// With s = sigmoid(x): silu' = s (1 + x (1 - s)), silu'' = s (1 - s) (2 + x (1 - 2 s)).
Tensor silu_backward(const Tensor& g, const Tensor& x) {
  return record("silu_backward", {g, x}, detail::apply_backward(Binary::silu_backward, g, x),
                [g = saved(g), x = saved(x)](const Tensor& h) {
                  const Tensor at = x.get(), s = sigmoid(at);
                  const Tensor curve = s * (1.0 - s) * (2.0 + at * (1.0 - 2.0 * s));
                  return Pair{silu_backward(h, at), h * g.get() * curve};
                });
}

}  // namespace

Tensor silu(const Tensor& x) {
  return record("silu", {x}, detail::apply("silu", Unary::silu, x),
                [x = saved(x)](const Tensor& g) { return silu_backward(g, x.get()); });
}

Tensor elu(const Tensor& x, double alpha) {
  return record("elu", {x}, detail::apply("elu", Unary::elu, x, alpha), [x = saved(x), alpha](const Tensor& g) {
    // Not y + alpha, which is 0 far below 0; and no e^x above it, whose inf would come back as NaN in a second pass.
    const Tensor below = clamp(x.get(), -std::numeric_limits<double>::infinity(), 0);
    return where(gt(x.get().detach(), 0), g, g * (exp(below) * alpha));
  });
}

Tensor glu(const Tensor& x, int64_t dim) {
  check::floating("glu", x);
  check::rank_at_least("glu", x, 1);
  const int d = normalize_dim("glu", dim, x.dim());
  const int64_t n = x.shape()[d];
  if (n % 2 != 0)
    throw ShapeError(fmt::format("glu: {} has {} elements along dimension {}; need an even number", describe(x), n, d));
  return slice(x, d, 0, n / 2) * sigmoid(slice(x, d, n / 2, n));
}

Tensor logsigmoid(const Tensor& x) {
  return record("logsigmoid", {x}, detail::apply("logsigmoid", Unary::logsigmoid, x),
                [x = saved(x)](const Tensor& g) { return g * sigmoid(neg(x.get())); });
}

}  // namespace fovea
