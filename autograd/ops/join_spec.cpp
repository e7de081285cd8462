// The op specs of join.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <algorithm>
#include <span>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

OpSpec join_spec(std::string name, std::string formula, SampleCall call, std::vector<InvalidCall> invalid) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [call = std::move(call)](SampleMaker& make) { return layout_samples(make, call, -2, 2); };
  spec.invalid = std::move(invalid);
  return spec;
}

OpSpec list_spec(std::string name, std::string formula, Tensor (*f)(std::span<const Tensor>, int64_t),
                 const std::vector<std::pair<Shape, Shape>>& shapes, std::vector<InvalidCall> invalid) {
  OpSpec spec = join_spec(std::move(name), std::move(formula), {}, std::move(invalid));
  spec.samples = [f, shapes](SampleMaker& make) {
    auto samples = layout_samples(
        make,
        [f](const Inputs& x) {
          return f(Inputs{x[0], x[0] * 2.0, x[0]}, -1);
        },
        -2, 2);
    for (const auto& [a, b] : shapes)
      for (int64_t d = 0; d < std::max(a.rank(), 1); ++d) {
        Shape other = b;
        if (d < a.rank()) other[static_cast<int>(d)] = a[static_cast<int>(d)];
        if (!(other == a)) continue;
        samples.push_back({"two shapes", {make.uniform(a, -2, 2), make.uniform(b, -2, 2)}, [f, d](const Inputs& x) {
                             return f(Inputs{x[0], x[1], transpose(transpose(x[0], 0, -1), 0, -1)}, d);
                           }});
      }
    return samples;
  };
  return spec;
}

const OpSpec cat_spec = OpSpec::add(
    list_spec("cat", "y = [a; b; ..] along dim", cat,
              {{{2, 3, 4}, {2, 5, 4}}, {{2, 3}, {0, 3}}, {{1, 3}, {2, 3}}, {{2, 1, 2}, {2, 1, 3}}, {{2, 3}, {2, 3}}},
              {{"nothing to join", [] { cat(Inputs{}, 0); }},
               {"other size",
                [] {
                  cat({ones({2, 3}), ones({2, 4})}, 0);
                }},
               {"other rank",
                [] {
                  cat({ones({2}), ones({2, 4})}, 0);
                }},
               {"no such dimension", [] { cat({ones({2})}, 1); }},
               {"too many", [] { cat(Inputs(65536, ones({1})), 0); }},
               {"f32 with f64",
                [] {
                  cat({ones({2}), ones({2}, f64)}, 0);
                }},
               {"scalar", [] { cat({ones({})}, 0); }},
               {"column broadcast",
                [] {
                  cat({ones({2, 3}), ones({2, 1})}, 0);
                }},
               {"undefined", [] {
                  cat({ones({2}), Tensor()}, 0);
                }}}));

const OpSpec stack_spec =
    OpSpec::add(list_spec("stack", "y[.., i, ..] = x_i", stack, {{{2, 3}, {2, 3}}, {{4}, {4}}, {{}, {}}},
                          {{"nothing to join", [] { stack(Inputs{}, 0); }},
                           {"other shape",
                            [] {
                              stack({ones({2}), ones({3})}, 0);
                            }},
                           {"row broadcast",
                            [] {
                              stack({ones({2, 3}), ones({3})}, 0);
                            }},
                           {"column broadcast",
                            [] {
                              stack({ones({2, 3}), ones({2, 1})}, 0);
                            }},
                           {"no such dimension", [] { stack({ones({2})}, 2); }},
                           {"f32 with f64",
                            [] {
                              stack({ones({2}), ones({2}, f64)}, 0);
                            }},
                           {"undefined", [] {
                              stack({ones({2}), Tensor()}, 0);
                            }}}));

// The middle part stays unused: its gradient is undefined and must read as zeros.
const OpSpec split_spec =
    OpSpec::add(join_spec("split", "x = [y_1; y_2; ..] along dim",
                          [](const Inputs& x) {
                            const int64_t n = x[0].size(-1), head = (n + 1) / 3, tail = n / 2;
                            const Inputs parts = split(x[0], {head, n - head - tail, tail}, -1);
                            return cat({parts[2] * parts[2], parts[0]}, -1);
                          },
                          {{"sizes too large",
                            [] {
                              split(ones({3}), {2, 2}, 0);
                            }},
                           {"sizes too small",
                            [] {
                              split(ones({3}), {1, 1}, 0);
                            }},
                           {"negative size",
                            [] {
                              split(ones({3}), {4, -1}, 0);
                            }},
                           {"negative size first",
                            [] {
                              split(ones({3}), {-1, 4}, 0);
                            }},
                           {"too many parts", [] { split(ones({0}), std::vector<int64_t>(65536), 0); }},
                           {"scalar", [] { split(ones({}), {1}, 0); }},
                           {"no sizes", [] { split(ones({0}), {}, 0); }},
                           {"no such dimension", [] { split(ones({3}), {3}, 1); }},
                           {"undefined", [] { split(Tensor(), {1}, 0); }}}));

const OpSpec chunk_spec = OpSpec::add(join_spec("chunk", "split into count parts of ceil(n / count)",
                                                [](const Inputs& x) { return chunk(x[0] * x[0], 2, 0)[0]; },
                                                {{"scalar", [] { chunk(ones({}), 1, 0); }},
                                                 {"no parts", [] { chunk(ones({3}), 0, 0); }},
                                                 {"no such dimension", [] { chunk(ones({3}), 1, 1); }},
                                                 {"undefined", [] { chunk(Tensor(), 1, 0); }}}));

const OpSpec unbind_spec = OpSpec::add(join_spec("unbind", "y_i = x[.., i, ..]",
                                                 [](const Inputs& x) {
                                                   const Inputs parts = unbind(x[0], -1);
                                                   return parts.front() * parts.back();
                                                 },
                                                 {{"no such dimension", [] { unbind(ones({3}), 1); }},
                                                  {"scalar", [] { unbind(ones({}), 0); }},
                                                  {"too many parts", [] { unbind(expand(ones({1}), {70000}), 0); }},
                                                  {"undefined", [] { unbind(Tensor(), 0); }}}));

const OpSpec pad_spec =
    OpSpec::add(join_spec("pad", "x with `value` around it",
                          [](const Inputs& x) {
                            return x[0].dim() > 1 ? pad(x[0], {1, 2, 0, 1}, 0.5) : pad(x[0], {2, 1});
                          },
                          {{"scalar",
                            [] {
                              pad(scalar(1), {1, 1});
                            }},
                           {"odd count", [] { pad(ones({3}), {1}); }},
                           {"half a number in i64",
                            [] {
                              pad(arange(2), {1, 1}, 0.5);
                            }},
                           {"too many",
                            [] {
                              pad(ones({3}), {1, 1, 1, 1});
                            }},
                           {"negative",
                            [] {
                              pad(ones({3}), {-1, 0});
                            }},
                           {"negative behind",
                            [] {
                              pad(ones({3}), {0, -1});
                            }},
                           {"undefined", [] {
                              pad(Tensor(), {1, 1});
                            }}}));

const OpSpec roll_spec =
    OpSpec::add(join_spec("roll", "y[(i + shift) mod n] = x[i]", [](const Inputs& x) { return roll(x[0], -4, -1); },
                          {{"no such dimension", [] { roll(ones({3}), 1, 1); }},
                           {"scalar", [] { roll(ones({}), 1, 0); }},
                           {"undefined", [] { roll(Tensor(), 1, 0); }}}));

}  // namespace
}  // namespace fovea
