// The op specs of choose.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

// Away from 0 a mask made of the values is constant.
Tensor positive(const Tensor& x) { return gt(x.detach(), full({}, 0, x.dtype())); }

const OpSpec where_spec = OpSpec::add({
    .name = "where",
    .formula = "y = condition ? a : b",
    .samples =
        [](SampleMaker& make) {
          auto samples = elementwise_samples(
              make, [](const Inputs& x) { return where(positive(x[0]), x[0], x[1]); }, 2, -2, 2);
          const auto more = [&](const char* label, const Shape& mask, const Shape& a, const Shape& b) {
            samples.push_back({label,
                               {make.mask(mask), make.uniform(a, -2, 2), make.uniform(b, -2, 2)},
                               [](const Inputs& x) { return where(x[0], x[1], x[2]); }});
          };
          more("mask of a column", {3, 1}, {3, 4}, {3, 4});
          more("mask larger than both", {2, 3, 4}, {4}, {3, 1});
          more("scalars", {2, 3}, {}, {});
          more("scalar mask", {}, {2, 3}, {2, 3});
          return samples;
        },
    .invalid = {{"mask of f32", [] { where(ones({2}), ones({2}), ones({2})); }},
                {"f32 with f64", [] { where(ones({2}, boolean), ones({2}), ones({2}, f64)); }},
                {"operands do not broadcast", [] { where(ones({}, boolean), ones({2}), ones({3})); }},
                {"mask does not broadcast", [] { where(ones({4}, boolean), ones({3}), ones({3})); }},
                {"undefined", [] { where(ones({2}, boolean), ones({2}), Tensor()); }},
                {"undefined mask", [] { where(Tensor(), ones({2}), ones({2})); }}},
});

const OpSpec masked_fill_spec = OpSpec::add({
    .name = "masked_fill",
    .formula = "y = mask ? value : x",
    .samples =
        [](SampleMaker& make) {
          auto samples = elementwise_samples(
              make, [](const Inputs& x) { return masked_fill(x[0], positive(x[0]), 0.25); }, 1, -2, 2);
          const auto more = [&](const char* label, const Shape& mask, const Shape& x) {
            samples.push_back({label, {make.mask(mask), make.uniform(x, -2, 2)}, [](const Inputs& in) {
                                 return masked_fill(in[1], in[0], -1);
                               }});
          };
          more("mask of a column", {3, 1}, {3, 4});
          more("mask of a row", {4}, {2, 3, 4});
          more("mask larger than x", {2, 3, 4}, {3, 1});
          more("scalar mask", {}, {2, 3});
          return samples;
        },
    .invalid = {{"mask of f32", [] { masked_fill(ones({2}), ones({2}), 0); }},
                {"mask does not broadcast", [] { masked_fill(ones({3}), ones({2}, boolean), 0); }},
                {"undefined", [] { masked_fill(Tensor(), ones({2}, boolean), 0); }},
                {"undefined mask", [] { masked_fill(ones({2}), Tensor(), 0); }}},
});

}  // namespace
}  // namespace fovea
