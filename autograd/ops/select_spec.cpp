// The op specs of select.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

const OpSpec nonzero_spec = OpSpec::add({
    .name = "nonzero",
    .formula = "the coordinates of x_i != 0",
    .samples =
        [](SampleMaker& make) {
          auto samples = elementwise_samples(
              make, [](const Inputs& x) { return nonzero(relu(x[0])); }, 1, -2, 2);
          for (OpSample& sample : samples) sample.differentiable = false;
          return samples;
        },
    .invalid = {{"undefined", [] { nonzero(Tensor()); }}},
});

const OpSpec masked_select_spec = OpSpec::add({
    .name = "masked_select",
    .formula = "the elements of x where mask",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          const auto more = [&](const char* label, const Shape& x, const Shape& mask) {
            samples.push_back({label, {make.uniform(x, -2, 2), make.mask(mask)}, [](const Inputs& in) {
                                 return masked_select(in[0], in[1]);
                               }});
          };
          more("vector", {19}, {19});
          more("matrix", {3, 4}, {3, 4});
          more("4-D", {2, 1, 3, 4}, {2, 1, 3, 4});
          more("no elements", {0, 4}, {0, 4});
          more("scalar", {}, {5});
          more("mask of a row", {3, 4}, {4});
          more("mask of a column", {3, 4}, {3, 1});
          more("mask larger than x", {4}, {2, 3, 4});
          more("many", {23, 11}, {23, 11});
          return samples;
        },
    .invalid = {{"mask of f32", [] { masked_select(ones({2}), ones({2})); }},
                {"mask does not broadcast", [] { masked_select(ones({3}), ones({2}, boolean)); }},
                {"undefined", [] { masked_select(Tensor(), ones({2}, boolean)); }},
                {"undefined mask", [] { masked_select(ones({2}), Tensor()); }}},
});

}  // namespace
}  // namespace fovea
