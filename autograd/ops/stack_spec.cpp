// The op spec of stack.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/stack.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

Tensor call(const Inputs& in) { return stack_update(in[0], in[1], in[2]); }

std::vector<OpSample> samples(SampleMaker& make) {
  const auto sample = [&](const char* label, int64_t B, int64_t S, int64_t p, int64_t A) {
    return OpSample{
        label, {make.uniform({B, S, p}, -1, 1), make.uniform({B, S, 1}, -1, 1), make.uniform({B, S, A}, 0, 1)}, call};
  };
  std::vector<OpSample> all = {
      sample("one cell", 1, 1, 1, 3),       sample("two cells", 2, 1, 2, 3), sample("three cells", 1, 2, 3, 3),
      sample("several stacks", 2, 3, 7, 3), sample("no NO-OP", 2, 3, 5, 2),  sample("more than vectors", 1, 2, 41, 3),
      sample("no batch", 0, 2, 4, 3),       sample("no cells", 2, 2, 0, 2),
  };
  all.push_back({"views",
                 {make.uniform({7, 2, 3}, -1, 1), make.uniform({2, 3, 5}, -1, 1), make.uniform({3, 2, 3}, 0, 1)},
                 [](const Inputs& in) {
                   return stack_update(permute(in[0], {2, 1, 0}), transpose(slice(in[1], 2, 1, 2), 0, 1), in[2]);
                 }});
  const Tensor both = make.uniform({2, 2, 3}, -1, 1);
  all.push_back({"the stacks are the actions", {both, make.uniform({2, 2, 1}, -1, 1), both}, call});
  all.push_back({"one action for all",
                 {make.uniform({2, 2, 4}, -1, 1), make.uniform({2, 2, 1}, -1, 1), make.uniform({1, 1, 3}, 0, 1)},
                 [](const Inputs& in) {
                   return stack_update(in[0], in[1], expand(in[2], {2, 2, 3}));
                 }});
  return all;
}

const OpSpec stack_update_spec = OpSpec::add({
    .name = "stack_update",
    .formula = "y[i] = a[POP] s[i+1] + a[NO-OP] s[i] + a[PUSH] s[i-1]",
    .samples = samples,
    .invalid = {{"scalar",
                 [] {
                   stack_update(scalar(1), ones({1, 1, 1}), ones({1, 1, 3}));
                 }},
                {"1-D",
                 [] {
                   stack_update(ones({4}), ones({1, 1, 1}), ones({1, 1, 3}));
                 }},
                {"4-D",
                 [] {
                   stack_update(ones({1, 1, 1, 4}), ones({1, 1, 1}), ones({1, 1, 3}));
                 }},
                {"four actions",
                 [] {
                   stack_update(ones({1, 1, 4}), ones({1, 1, 1}), ones({1, 1, 4}));
                 }},
                {"two pushed",
                 [] {
                   stack_update(ones({1, 1, 4}), ones({1, 1, 2}), ones({1, 1, 3}));
                 }},
                {"other stacks",
                 [] {
                   stack_update(ones({1, 2, 4}), ones({1, 2, 1}), ones({1, 1, 3}));
                 }},
                {"row broadcast",
                 [] {
                   stack_update(ones({2, 2, 4}), ones({1, 2, 1}), ones({2, 2, 3}));
                 }},
                {"column broadcast",
                 [] {
                   stack_update(ones({2, 2, 4}), ones({2, 1, 1}), ones({2, 2, 3}));
                 }},
                {"i64",
                 [] {
                   stack_update(ones({1, 1, 4}, i64), ones({1, 1, 1}, i64), ones({1, 1, 3}, i64));
                 }},
                {"types",
                 [] {
                   stack_update(ones({1, 1, 4}), ones({1, 1, 1}, f64), ones({1, 1, 3}));
                 }},
                {"types of the actions",
                 [] {
                   stack_update(ones({1, 1, 4}), ones({1, 1, 1}), ones({1, 1, 3}, f64));
                 }},
                {"undefined",
                 [] {
                   stack_update(Tensor(), ones({1, 1, 1}), ones({1, 1, 3}));
                 }}},
});

}  // namespace
}  // namespace fovea
