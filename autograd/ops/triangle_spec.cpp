// The op specs of triangle.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

OpSpec triangle_spec(std::string name, std::string formula, Tensor (*f)(const Tensor&, int64_t)) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [f](SampleMaker& make) {
    std::vector<OpSample> samples;
    for (const int64_t diagonal : {0, 1, -2, 9})
      for (const Shape& shape :
           {Shape{4, 4}, Shape{3, 5}, Shape{5, 2}, Shape{1, 3}, Shape{2, 1, 3, 4}, Shape{0, 3}, Shape{16, 17}})
        samples.push_back({"diagonal " + std::to_string(diagonal) + " of " + shape.str(),
                           {make.uniform(shape, -2, 2)},
                           [=](const Inputs& x) { return f(x[0], diagonal); }});
    return samples;
  };
  spec.invalid = {
      {"scalar", [f] { f(scalar(1), 0); }}, {"1-D", [f] { f(ones({3}), 0); }}, {"undefined", [f] { f(Tensor(), 0); }}};
  return spec;
}

const OpSpec tril_spec = OpSpec::add(triangle_spec("tril", "y_ij = x_ij if j - i <= diagonal else 0", tril));
const OpSpec triu_spec = OpSpec::add(triangle_spec("triu", "y_ij = x_ij if j - i >= diagonal else 0", triu));

}  // namespace
}  // namespace fovea
