// The op specs of scatter.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/scatter_spec.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

const OpSpec scatter_spec = OpSpec::add({
    .name = "scatter",
    .formula = "y = x, then y[index[i, j], j] = source[i, j] for dim 0",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples =
              scatter_samples(make, [](const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
                return scatter(x, dim, index, source);
              });
          samples.push_back({"one value", {make.uniform({4, 3}, -2, 2), make.ids({2, 3}, 4)}, [](const Inputs& in) {
                               return scatter(in[0], 0, in[1], 0.5);
                             }});
          return samples;
        },
    .invalid = {{"index past the end", [] { scatter(ones({3}), 0, full({2}, 3, i64), ones({2})); }},
                {"negative index", [] { scatter(ones({3}), 0, full({2}, -1, i64), ones({2})); }},
                {"index of f32", [] { scatter(ones({3}), 0, ones({3}), ones({3})); }},
                {"index larger than source", [] { scatter(ones({3}), 0, zeros({3}, i64), ones({2})); }},
                {"other rank",
                 [] {
                   scatter(ones({3}), 0, zeros({3}, i64), ones({3, 1}));
                 }},
                {"f32 with f64", [] { scatter(ones({3}), 0, zeros({3}, i64), ones({3}, f64)); }},
                {"scalar", [] { scatter(scalar(1), 0, zeros({}, i64), scalar(1)); }},
                {"column broadcast",
                 [] {
                   scatter(ones({3, 2}), 0, zeros({3, 2}, i64), ones({3, 1}));
                 }},
                {"a value that i64 cannot hold", [] { scatter(arange(3), 0, zeros({3}, i64), 0.5); }},
                {"undefined", [] { scatter(ones({3}), 0, zeros({3}, i64), Tensor()); }}},
});

const OpSpec index_add_spec = OpSpec::add({
    .name = "index_add",
    .formula = "y = x, then y[.., index[i], ..] += alpha source[.., i, ..]",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, int64_t n, int dim) {
            Shape source = x;
            source[dim] = n;
            return OpSample{label,
                            {make.uniform(x, -2, 2), make.ids({n}, x[dim]), make.uniform(source, -2, 2)},
                            [dim](const Inputs& in) { return index_add(in[0], dim, in[1], in[2], 0.5); }};
          };
          return std::vector<OpSample>{
              sample("one dimension", {5}, 9, 0),
              sample("rows", {4, 3}, 6, 0),
              sample("columns", {4, 3}, 3, 1),
              sample("none", {4, 3}, 0, 0),
              sample("4-D", {2, 1, 3, 2}, 4, 2),
              sample("many", {16, 8}, 20, 0),
              sample("one row", {1, 4}, 3, 0),
              {"alpha 1",
               {make.uniform({4, 3}, -2, 2), make.ids({2}, 4), make.uniform({2, 3}, -2, 2)},
               [](const Inputs& in) { return index_add(in[0], 0, in[1], in[2]); }},
          };
        },
    .invalid = {{"index past the end", [] { index_add(ones({3}), 0, full({2}, 3, i64), ones({2})); }},
                {"negative index", [] { index_add(ones({3}), 0, full({2}, -1, i64), ones({2})); }},
                {"index of f32", [] { index_add(ones({3}), 0, ones({3}), ones({3})); }},
                {"index of rank 2",
                 [] {
                   index_add(ones({3}), 0, zeros({3, 1}, i64), ones({3}));
                 }},
                {"another number of rows", [] { index_add(ones({3}), 0, zeros({3}, i64), ones({2})); }},
                {"scalar", [] { index_add(scalar(1), 0, zeros({1}, i64), scalar(1)); }},
                {"row broadcast",
                 [] {
                   index_add(ones({3, 2}), 0, zeros({3}, i64), ones({2}));
                 }},
                {"column broadcast",
                 [] {
                   index_add(ones({3, 2}), 0, zeros({3}, i64), ones({3, 1}));
                 }},
                {"f32 with f64", [] { index_add(ones({3}), 0, zeros({3}, i64), ones({3}, f64)); }},
                {"bool", [] { index_add(ones({3}, boolean), 0, zeros({3}, i64), ones({3}, boolean)); }},
                {"no such dimension", [] { index_add(ones({3}), 1, zeros({3}, i64), ones({3})); }},
                {"undefined", [] { index_add(ones({3}), 0, zeros({3}, i64), Tensor()); }}},
});

const OpSpec slice_scatter_spec = OpSpec::add({
    .name = "slice_scatter",
    .formula = "y = x, then y[begin:end:step] = source",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, const Shape& source, int64_t dim, int64_t begin,
                                  int64_t end, int64_t step) {
            return OpSample{label, {make.uniform(x, -2, 2), make.uniform(source, -2, 2)}, [=](const Inputs& in) {
                              return slice_scatter(in[0], in[1], dim, begin, end, step);
                            }};
          };
          return std::vector<OpSample>{
              sample("one dimension", {5}, {2}, 0, 1, 3, 1),
              sample("rows", {4, 3}, {2, 3}, 0, -2, 99, 1),
              sample("every other column", {3, 7}, {3, 3}, 1, 1, 7, 2),
              sample("one column", {3, 4}, {3, 1}, 1, 2, 3, 1),
              sample("no row", {3, 4}, {0, 4}, 0, 2, 2, 1),
              sample("all", {3, 4}, {3, 4}, 0, 0, 3, 1),
              sample("4-D", {2, 1, 3, 2}, {2, 1, 2, 2}, 2, 1, 3, 1),
          };
        },
    .invalid = {{"another size", [] { slice_scatter(ones({3}), ones({3}), 0, 1); }},
                {"scalar", [] { slice_scatter(scalar(1), scalar(1), 0, 0); }},
                {"row broadcast",
                 [] {
                   slice_scatter(ones({3, 2}), ones({2}), 0, 0);
                 }},
                {"step 0", [] { slice_scatter(ones({3}), ones({3}), 0, 0, 3, 0); }},
                {"f32 with f64", [] { slice_scatter(ones({3}), ones({3}, f64), 0, 0); }},
                {"no such dimension", [] { slice_scatter(ones({3}), ones({3}), 1, 0); }},
                {"undefined", [] { slice_scatter(Tensor(), ones({3}), 0, 0); }},
                {"undefined source", [] { slice_scatter(ones({3}), Tensor(), 0, 0); }}},
});

const OpSpec select_scatter_spec = OpSpec::add({
    .name = "select_scatter",
    .formula = "y = x, then y[index] = source",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, const Shape& source, int64_t dim, int64_t index) {
            return OpSample{label, {make.uniform(x, -2, 2), make.uniform(source, -2, 2)}, [=](const Inputs& in) {
                              return select_scatter(in[0], in[1], dim, index);
                            }};
          };
          std::vector<OpSample> samples = {
              sample("scalar", {5}, {}, 0, 1),
              sample("a row", {3, 4}, {4}, 0, -1),
              sample("a column", {3, 4}, {3}, 1, 2),
              sample("of size 1", {1, 4}, {4}, 0, 0),
              sample("rows of nothing", {3, 0}, {0}, 0, 1),
              sample("4-D", {2, 1, 3, 2}, {2, 1, 2}, 2, 1),
          };
          samples.push_back({"the same tensor twice",
                             {make.uniform({3, 3}, -2, 2), make.uniform({3, 3}, -2, 2)},
                             [](const Inputs& in) { return select_scatter(in[0], select(in[1], 0, 1), 1, 2); }});
          return samples;
        },
    .invalid = {{"another size",
                 [] {
                   select_scatter(ones({3, 2}), ones({3}), 0, 1);
                 }},
                {"column broadcast",
                 [] {
                   select_scatter(ones({3, 2}), ones({3, 1}), 1, 1);
                 }},
                {"f32 with f64", [] { select_scatter(ones({3}), scalar(1, f64), 0, 0); }},
                {"past the end", [] { select_scatter(ones({3}), scalar(1), 0, 3); }},
                {"of rank 0", [] { select_scatter(scalar(1), scalar(1), 0, 0); }},
                {"no such dimension", [] { select_scatter(ones({3}), scalar(1), 1, 0); }},
                {"undefined", [] { select_scatter(Tensor(), scalar(1), 0, 0); }},
                {"undefined source", [] { select_scatter(ones({3}), Tensor(), 0, 0); }}},
});

}  // namespace
}  // namespace fovea
