// The op specs of unary.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/unary_spec.h>

namespace fovea {
namespace {

using detail::unary_spec;
using detail::with_whole_numbers;

const OpSpec neg_spec = OpSpec::add(with_whole_numbers(unary_spec("neg", "y = -x", neg, -2, 2, {1e30, -1e30}, false)));
const OpSpec exp_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("exp", "y = e^x", exp, -2, 2, {-700, 12});
  spec.also_records = {"exp_backward"};
  return spec;
}());
const OpSpec log1p_spec = OpSpec::add(unary_spec("log1p", "y = ln(1 + x)", log1p, -0.02, 3));
const OpSpec expm1_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("expm1", "y = e^x - 1", expm1, -2, 2, {-700, 1e-9, 12});
  spec.also_records = {"exp_backward"};
  return spec;
}());
const OpSpec log2_spec = OpSpec::add(unary_spec("log2", "y = ln x / ln 2", log2, 0.2, 3));
const OpSpec reciprocal_spec = OpSpec::add(unary_spec("reciprocal", "y = 1 / x", reciprocal, 0.2, 3));
const OpSpec rsqrt_spec = OpSpec::add(unary_spec("rsqrt", "y = x^-1/2", rsqrt, 0.2, 3));
const OpSpec log_spec = OpSpec::add(unary_spec("log", "y = ln x", log, 0.2, 3));
const OpSpec sqrt_spec = OpSpec::add(unary_spec("sqrt", "y = x^1/2", sqrt, 0.2, 3));
const OpSpec tanh_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("tanh", "y = tanh x", tanh, -2, 2, {-40, 40, 1e-8});
  spec.also_records = {"tanh_backward"};
  return spec;
}());
const OpSpec sigmoid_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("sigmoid", "y = 1 / (1 + e^-x)", sigmoid, -3, 3, {-80, 80});
  spec.also_records = {"sigmoid_backward"};
  return spec;
}());
const OpSpec relu_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("relu", "y = max(x, 0)", relu, 0.1, 2, {-50, 50}, false);
  spec.also_records = {"relu_backward"};
  return spec;
}());
const OpSpec leaky_relu_spec = OpSpec::add(unary_spec(
    "leaky_relu", "y = x if x >= 0 else slope x", [](const Tensor& x) { return leaky_relu(x, 0.1); }, -2, -0.1,
    {-50, 50}, false));
const OpSpec gelu_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("gelu", "y = x Phi(x)", gelu, -2, 2, {-30, 30});
  spec.also_records = {"gelu_backward"};
  return spec;
}());
const OpSpec softplus_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("softplus", "y = max(x, 0) + log1p(e^-|x|)", softplus, -3, 3, {-200, 200});
  spec.also_records = {"softplus_backward"};
  return spec;
}());
const OpSpec abs_spec =
    OpSpec::add(with_whole_numbers(unary_spec("abs", "y = |x|", abs, 0.2, 2, {-1e20, 1e20}, false)));
const OpSpec sin_spec = OpSpec::add(unary_spec("sin", "y = sin x", sin, -2, 2));
const OpSpec cos_spec = OpSpec::add(unary_spec("cos", "y = cos x", cos, -2, 2));
const OpSpec erf_spec = OpSpec::add(unary_spec("erf", "y = 2/sqrt(pi) int_0^x e^-t^2 dt", erf, -2, 2, {-30, 30}));
const OpSpec square_spec = OpSpec::add(unary_spec("square", "y = x^2", square, -2, 2));
const OpSpec clamp_spec = OpSpec::add(with_whole_numbers(unary_spec(
    "clamp", "y = min(max(x, low), high)", [](const Tensor& x) { return clamp(x, -1, 1); }, -0.9, 0.9, {-50, 50},
    false)));

}  // namespace
}  // namespace fovea
