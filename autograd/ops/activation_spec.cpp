// The op specs of activation.cpp.
#include <fovea/autograd/ops/unary_spec.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using detail::unary_spec;

const OpSpec silu_spec = OpSpec::add([] {
  OpSpec spec = unary_spec("silu", "y = x / (1 + e^-x)", silu, -3, 3, {-80, 80});
  spec.also_records = {"silu_backward"};
  return spec;
}());
const OpSpec elu_spec = OpSpec::add(unary_spec("elu", "y = x if x > 0 else alpha (e^x - 1)",
                                               [](const Tensor& x) { return elu(x, 0.7); }, -2, 2, {-800, 800}));
const OpSpec logsigmoid_spec =
    OpSpec::add(unary_spec("logsigmoid", "y = min(x, 0) - log1p(e^-|x|)", logsigmoid, -3, 3, {-200, 200}));

const OpSpec glu_spec = OpSpec::add({
    .name = "glu",
    .formula = "y = a sigmoid(b), x = [a; b]",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make,
              [](const Inputs& x) {
                return glu(cat({x[0], x[0] * 0.5}, -1));
              },
              -2, 2);
          samples.push_back(
              {"first dimension", {make.uniform({6, 3}, -2, 2)}, [](const Inputs& x) { return glu(x[0], 0); }});
          return samples;
        },
    .invalid = {{"odd size",
                 [] {
                   glu(ones({2, 3}));
                 }},
                {"scalar", [] { glu(scalar(1)); }},
                {"no such dimension", [] { glu(ones({2}), 1); }},
                {"i64", [] { glu(arange(4)); }},
                {"undefined", [] { glu(Tensor()); }}},
});

}  // namespace
}  // namespace fovea
