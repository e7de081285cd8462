// The op specs of sort.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

OpSpec sort_spec(std::string name, std::string formula, SampleCall call, std::vector<InvalidCall> invalid,
                 bool differentiable) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [call = std::move(call), differentiable](SampleMaker& make) {
    std::vector<OpSample> samples;
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{17}, Shape{3, 5}, Shape{2, 4, 3}, Shape{2, 1, 3, 2},
                               Shape{5, 1}, Shape{0, 4}, Shape{19, 12}})
      samples.push_back({"distinct " + shape.str(), {make.distinct(shape)}, call, differentiable});
    samples.push_back({"a transposed view",
                       {make.distinct({4, 6})},
                       [call](const Inputs& in) { return call({slice(transpose(in[0], 0, 1), 0, 1, 5)}); },
                       differentiable});
    return samples;
  };
  spec.invalid = std::move(invalid);
  return spec;
}

const OpSpec sort_values_spec = OpSpec::add(sort_spec(
    "sort", "y = x in order along dim",
    [](const Inputs& in) { return sort(in[0], -1).first * 2.0 + sort(in[0], 0, true).first; },
    {{"no such dimension", [] { sort(ones({3}), 1); }},
     {"no such dimension of rank 0", [] { sort(ones({}), 1); }},
     {"undefined", [] { sort(Tensor(), 0); }}},
    true));

const OpSpec argsort_spec = OpSpec::add(sort_spec(
    "argsort", "positions of x in order along dim", [](const Inputs& in) { return argsort(in[0], -1, true); },
    {{"no such dimension", [] { argsort(ones({3}), 1); }}, {"undefined", [] { argsort(Tensor(), 0); }}}, false));

const OpSpec topk_spec = OpSpec::add(sort_spec(
    "topk", "the k largest along dim, largest first",
    [](const Inputs& in) { return topk(in[0], in[0].dim() == 0 ? 1 : (in[0].size(-1) + 1) / 2, -1).first; },
    {{"more than there are", [] { topk(ones({3}), 4, 0); }},
     {"negative k", [] { topk(ones({3}), -1, 0); }},
     {"none of rank 0", [] { topk(ones({}), 0, 0); }},
     {"no such dimension", [] { topk(ones({3}), 1, 1); }},
     {"undefined", [] { topk(Tensor(), 1, 0); }}},
    true));

}  // namespace
}  // namespace fovea
