// The op specs of order.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using WithIndices = std::pair<Tensor, Tensor> (*)(const Tensor&, int64_t, bool);

OpSpec order_spec(std::string name, std::string formula, WithIndices f) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [f](SampleMaker& make) {
    std::vector<OpSample> samples;
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{17}, Shape{3, 6}, Shape{2, 4, 3}, Shape{2, 1, 3, 2},
                               Shape{5, 1}, Shape{0, 4}, Shape{19, 12}}) {
      samples.push_back({"values " + shape.str(), {make.distinct(shape)}, [f](const Inputs& in) {
                           return f(in[0], -1, false).first;
                         }});
      if (shape.numel() > 0)
        samples.push_back({"values, first dimension " + shape.str(), {make.distinct(shape)}, [f](const Inputs& in) {
                             return f(in[0], 0, true).first;
                           }});
      samples.push_back({"positions " + shape.str(),
                         {make.distinct(shape)},
                         [f](const Inputs& in) { return f(in[0], -1, true).second; },
                         false});
    }
    return samples;
  };
  spec.invalid = {{"no such dimension", [f] { f(ones({2}), 1, false); }},
                  {"nothing to choose from", [f] { f(ones({0}), 0, false); }},
                  {"bool", [f] { f(ones({2}, boolean), 0, false); }},
                  {"undefined", [f] { f(Tensor(), 0, false); }}};
  return spec;
}

const OpSpec max_with_indices_spec =
    OpSpec::add(order_spec("max_with_indices", "y = max_i x_i and the first such i", max_with_indices));
const OpSpec min_with_indices_spec =
    OpSpec::add(order_spec("min_with_indices", "y = min_i x_i and the first such i", min_with_indices));
const OpSpec median_spec = OpSpec::add([] {
  const WithIndices along = median;
  OpSpec spec = order_spec("median", "y = the element at (n - 1) / 2 in order, and where it stands", along);
  spec.samples = [of_rows = spec.samples](SampleMaker& make) {
    auto samples = of_rows(make);
    for (const Shape& shape : {Shape{}, Shape{6}, Shape{3, 5}})
      samples.push_back({"of all", {make.distinct(shape)}, [](const Inputs& in) { return median(in[0]); }});
    return samples;
  };
  spec.invalid.push_back({"of nothing", [] { median(ones({0, 3})); }});
  spec.second_derivative = false;  // of all elements: whole shares of the gradient
  return spec;
}());

}  // namespace
}  // namespace fovea
