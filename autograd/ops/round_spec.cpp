// The op specs of round.cpp. Few numbers drawn lie beside a step.
#include <fovea/autograd/ops/unary_spec.h>

namespace fovea {
namespace {

OpSpec step_spec(std::string name, std::string formula, Tensor (*f)(const Tensor&)) {
  return detail::with_whole_numbers(
      detail::unary_spec(std::move(name), std::move(formula), f, -2.9, 2.9, {-10.3, 0.3, 10.3}, false));
}

const OpSpec sign_spec = OpSpec::add(step_spec("sign", "y = 1, 0 or -1 as x is above, at or below 0", sign));
const OpSpec floor_spec = OpSpec::add(step_spec("floor", "y = the largest whole number <= x", floor));
const OpSpec ceil_spec = OpSpec::add(step_spec("ceil", "y = the smallest whole number >= x", ceil));
const OpSpec round_spec = OpSpec::add(step_spec("round", "y = the nearest whole number, half to even", round));

}  // namespace
}  // namespace fovea
