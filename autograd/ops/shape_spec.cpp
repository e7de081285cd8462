// The op specs of shape.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <algorithm>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

OpSpec shape_spec(std::string name, std::string formula, Tensor (*f)(const Tensor& x), std::vector<InvalidCall> invalid,
                  std::vector<std::string> also = {}) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  const bool of_scalars =
      std::none_of(invalid.begin(), invalid.end(), [](const InvalidCall& call) { return call.label == "scalar"; });
  spec.samples = [f, of_scalars](SampleMaker& make) {
    const SampleCall call = [f](const Inputs& x) { return f(x[0]); };
    auto samples = layout_samples(make, call, -2, 2);
    if (of_scalars) samples.push_back({"scalar", {make.uniform({}, -2, 2)}, call});
    return samples;
  };
  spec.invalid = std::move(invalid);
  spec.also_records = std::move(also);
  return spec;
}

const OpSpec reshape_spec = OpSpec::add(shape_spec("reshape", "y holds x's elements in order",
                                                   [](const Tensor& x) {
                                                     return reshape(x, {1, x.numel()});
                                                   },
                                                   {{"other number of elements",
                                                     [] {
                                                       reshape(ones({2, 3}), {4});
                                                     }},
                                                    {"two unknown sizes",
                                                     [] {
                                                       reshape(ones({4}), {-1, -1});
                                                     }},
                                                    {"unknown size does not divide",
                                                     [] {
                                                       reshape(ones({4}), {3, -1});
                                                     }},
                                                    {"undefined", [] { reshape(Tensor(), {1}); }}}));

const OpSpec flatten_spec =
    OpSpec::add(shape_spec("flatten", "dimensions first..last become one", [](const Tensor& x) { return flatten(x); },
                           {{"first after last",
                             [] {
                               flatten(ones({2, 3}), 1, 0);
                             }},
                            {"no such dimension", [] { flatten(ones({2}), 0, 1); }},
                            {"no such dimension of a number", [] { flatten(scalar(2), 0, 1); }},
                            {"undefined", [] { flatten(Tensor()); }}}));

const OpSpec permute_spec = OpSpec::add(shape_spec("permute", "y[i_order[0], i_order[1], ...] = x[i_0, i_1, ...]",
                                                   [](const Tensor& x) {
                                                     Shape order;
                                                     for (int d = 1; d <= x.dim(); ++d) order.append(d % x.dim());
                                                     return permute(x, order);
                                                   },
                                                   {{"dimension missing",
                                                     [] {
                                                       permute(ones({2, 3}), {0});
                                                     }},
                                                    {"dimension twice",
                                                     [] {
                                                       permute(ones({2, 3}), {0, 0});
                                                     }},
                                                    {"no such dimension",
                                                     [] {
                                                       permute(ones({2, 3}), {0, 2});
                                                     }},
                                                    {"undefined", [] { permute(Tensor(), {0}); }}}));

const OpSpec transpose_spec = OpSpec::add(shape_spec("transpose", "two dimensions change places",
                                                     [](const Tensor& x) { return transpose(x, 0, -1); },
                                                     {{"no such dimension",
                                                       [] {
                                                         transpose(ones({2, 3}), 0, 2);
                                                       }},
                                                      {"undefined", [] { transpose(Tensor(), 0, 1); }}}));

const OpSpec t_spec = OpSpec::add([] {
  OpSpec spec = shape_spec("t", "y_ij = x_ji", [](const Tensor& x) { return t(x.dim() > 2 ? flatten(x, 1) : x); },
                           {{"three dimensions",
                             [] {
                               t(ones({2, 3, 4}));
                             }},
                            {"undefined", [] { t(Tensor()); }}},
                           {"transpose"});
  return spec;
}());

const OpSpec slice_spec = OpSpec::add([] {
  OpSpec spec =
      shape_spec("slice", "y[i] = x[begin + i step] along dim", [](const Tensor& x) { return slice(x, -1, 1, 4); },
                 {{"step 0", [] { slice(ones({3}), 0, 0, 3, 0); }},
                  {"no such dimension", [] { slice(ones({3}), 1, 0); }},
                  {"scalar", [] { slice(ones({}), 0, 0); }},
                  {"undefined", [] { slice(Tensor(), 0, 0); }}},
                 {"slice_backward"});
  spec.samples = [](SampleMaker& make) {
    auto samples = layout_samples(
        make, [](const Inputs& x) { return slice(x[0], -1, 1, 4); }, -2, 2);
    const auto more = [&](const char* label, const Shape& shape, SampleCall call) {
      samples.push_back({label, {make.uniform(shape, -2, 2)}, std::move(call)});
    };
    more("step 2, negative begin", {2, 7, 3}, [](const Inputs& x) { return slice(x[0], 1, -6, 6, 2); });
    more("nothing left", {3, 4}, [](const Inputs& x) { return slice(x[0], 0, 2, 1); });
    more("a slice of a slice", {9}, [](const Inputs& x) { return slice(slice(x[0], 0, 1, 9, 2), 0, 1, 4, 2); });
    return samples;
  };
  return spec;
}());

const OpSpec select_spec =
    OpSpec::add(shape_spec("select", "y = x[.., index, ..]", [](const Tensor& x) { return select(x, -1, -1); },
                           {{"index past the end", [] { select(ones({3}), 0, 3); }},
                            {"index before the start", [] { select(ones({3}), 0, -4); }},
                            {"scalar", [] { select(ones({}), 0, 0); }},
                            {"undefined", [] { select(Tensor(), 0, 0); }}},
                           {"select_backward"}));

const OpSpec expand_spec = OpSpec::add(shape_spec("expand", "sizes of 1 repeat, new dimensions in front",
                                                  [](const Tensor& x) {
                                                    Shape shape = x.shape();
                                                    for (int d = 0; d < shape.rank(); ++d)
                                                      shape[d] = shape[d] == 1 ? 3 : -1;
                                                    shape.insert(0, 2);
                                                    return expand(x, shape);
                                                  },
                                                  {{"a size above 1",
                                                    [] {
                                                      expand(ones({2, 3}), {4, 3});
                                                    }},
                                                   {"lower rank",
                                                    [] {
                                                      expand(ones({2, 3}), {3});
                                                    }},
                                                   {"negative size", [] { expand(ones({1}), {-2}); }},
                                                   {"-1 for a new dimension",
                                                    [] {
                                                      expand(ones({3}), {-1, 3});
                                                    }},
                                                   {"undefined", [] { expand(Tensor(), {1}); }}}));

const OpSpec squeeze_spec =
    OpSpec::add(shape_spec("squeeze", "without the dimensions of size 1", [](const Tensor& x) { return squeeze(x); },
                           {{"no such dimension",
                             [] {
                               squeeze(ones({2, 1}), 2);
                             }},
                            {"undefined", [] { squeeze(Tensor()); }}}));

const OpSpec unsqueeze_spec = OpSpec::add(
    shape_spec("unsqueeze", "a new dimension of size 1", [](const Tensor& x) { return unsqueeze(x, x.dim() / 2); },
               {{"no such place", [] { unsqueeze(ones({2}), 2); }}, {"undefined", [] { unsqueeze(Tensor(), 0); }}}));

const OpSpec unfold_spec = OpSpec::add([] {
  OpSpec spec = shape_spec("unfold", "y[.., w, .., i] = x[.., w step + i, ..]",
                           [](const Tensor& x) { return unfold(x, -1, std::min<int64_t>(3, x.size(-1)), 1); },
                           {{"window too long", [] { unfold(ones({3}), 0, 4, 1); }},
                            {"scalar", [] { unfold(ones({}), 0, 1, 1); }},
                            {"step 0", [] { unfold(ones({3}), 0, 2, 0); }},
                            {"no such dimension", [] { unfold(ones({3}), 1, 2, 1); }},
                            {"undefined", [] { unfold(Tensor(), 0, 1, 1); }}},
                           {"unfold_backward"});
  auto overlapping = spec.samples;
  spec.samples = [overlapping](SampleMaker& make) {
    auto samples = overlapping(make);
    samples.push_back(
        {"gaps between windows", {make.uniform({9, 2}, -2, 2)}, [](const Inputs& x) { return unfold(x[0], 0, 2, 3); }});
    return samples;
  };
  return spec;
}());

const OpSpec contiguous_spec =
    OpSpec::add(shape_spec("contiguous", "y = x, row-major", [](const Tensor& x) { return contiguous(x); },
                           {{"undefined", [] { contiguous(Tensor()); }}}));

const OpSpec clone_spec =
    OpSpec::add(shape_spec("clone", "y = x, other memory", [](const Tensor& x) { return clone(x); },
                           {{"undefined", [] { clone(Tensor()); }}}));

// There and back: gradcheck differentiates f64 alone, and an f32 result in the middle would drown its differences.
const OpSpec to_spec = OpSpec::add([] {
  OpSpec spec = shape_spec("to", "y = x in another element type", [](const Tensor& x) { return to(x, f32); },
                           {{"undefined", [] { to(Tensor(), f64); }}});
  const auto layouts = spec.samples;
  spec.samples = [layouts](SampleMaker& make) {
    auto samples = layouts(make);
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  return spec;
}());

}  // namespace
}  // namespace fovea
