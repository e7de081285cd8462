// The op specs of index.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/scatter_spec.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

const OpSpec gather_spec = OpSpec::add({
    .name = "gather",
    .formula = "y[i, j] = x[index[i, j], j] for dim 0",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, const Shape& index, int64_t dim) {
            return OpSample{label,
                            {make.uniform(x, -2, 2), make.ids(index, x[static_cast<int>(dim)])},
                            [dim](const Inputs& in) { return gather(in[0], dim, in[1]); }};
          };
          std::vector<OpSample> samples = {
              sample("one dimension", {5}, {7}, 0),     sample("rows", {4, 3}, {2, 3}, 0),
              sample("columns", {4, 3}, {4, 5}, 1),     sample("smaller index", {4, 3, 2}, {3, 2, 2}, 1),
              sample("no elements", {4, 3}, {0, 3}, 0), sample("size-1 dimensions", {1, 3, 1}, {1, 2, 1}, 1),
              sample("many", {16, 20}, {16, 9}, 1),     sample("4-D", {2, 1, 3, 2}, {2, 1, 4, 2}, 2),
          };
          for (const Shape& index : {Shape{}, Shape{3}})
            samples.push_back({"scalar", {make.uniform({}, -2, 2), zeros(index, i64)}, [](const Inputs& in) {
                                 return gather(in[0], -1, in[1]);
                               }});
          samples.push_back({"views", {make.uniform({3, 8}, -2, 2), make.ids({6, 1}, 3)}, [](const Inputs& in) {
                               return gather(slice(transpose(in[0], 0, 1), 0, 1, 7), 1, expand(in[1], {6, 4}));
                             }});
          return samples;
        },
    .invalid = {{"index past the end", [] { gather(ones({3}), 0, full({2}, 3, i64)); }},
                {"negative index", [] { gather(ones({3}), 0, full({2}, -1, i64)); }},
                {"index of f32", [] { gather(ones({3}), 0, ones({3})); }},
                {"other rank",
                 [] {
                   gather(ones({3, 2}), 0, zeros({3}, i64));
                 }},
                {"larger index",
                 [] {
                   gather(ones({3, 2}), 0, zeros({3, 3}, i64));
                 }},
                {"no such dimension", [] { gather(ones({3}), 1, zeros({3}, i64)); }},
                {"scalar past its end", [] { gather(ones({}), 0, ones({}, i64)); }},
                {"rows of a scalar",
                 [] {
                   gather(ones({}), 0, zeros({1, 1}, i64));
                 }},
                {"undefined", [] { gather(Tensor(), 0, zeros({3}, i64)); }}},
});

const OpSpec scatter_add_spec = OpSpec::add({
    .name = "scatter_add",
    .formula = "y = x, then y[index[i, j], j] += source[i, j] for dim 0",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples = scatter_samples(make, scatter_add);
          samples.push_back({"the same tensor twice",
                             {make.uniform({4, 4}, -2, 2), make.ids({4, 4}, 4)},
                             [](const Inputs& in) { return scatter_add(in[0], 0, in[1], transpose(in[0], 0, 1)); }});
          return samples;
        },
    .invalid = {{"index past the end", [] { scatter_add(ones({3}), 0, full({2}, 3, i64), ones({2})); }},
                {"negative index", [] { scatter_add(ones({3}), 0, full({2}, -1, i64), ones({2})); }},
                {"index of f32", [] { scatter_add(ones({3}), 0, ones({3}), ones({3})); }},
                {"index larger than source", [] { scatter_add(ones({3}), 0, zeros({3}, i64), ones({2})); }},
                {"other rank",
                 [] {
                   scatter_add(ones({3}), 0, zeros({3}, i64), ones({3, 1}));
                 }},
                {"f32 with f64", [] { scatter_add(ones({3}), 0, zeros({3}, i64), ones({3}, f64)); }},
                {"scalar", [] { scatter_add(scalar(1), 0, zeros({}, i64), scalar(1)); }},
                {"column broadcast",
                 [] {
                   scatter_add(ones({3, 2}), 0, zeros({3, 2}, i64), ones({3, 1}));
                 }},
                {"bool", [] { scatter_add(ones({3}, boolean), 0, zeros({3}, i64), ones({3}, boolean)); }},
                {"undefined", [] { scatter_add(ones({3}), 0, zeros({3}, i64), Tensor()); }}},
});

const OpSpec index_select_spec = OpSpec::add({
    .name = "index_select",
    .formula = "y[.., i, ..] = x[.., index[i], ..]",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{7}, Shape{1}, Shape{3, 5}, Shape{2, 3, 2, 4}, Shape{1, 4, 1}, Shape{23, 11}})
            samples.push_back({"last dimension",
                               {make.uniform(shape, -2, 2), make.ids({5}, shape.back())},
                               [](const Inputs& in) { return index_select(in[0], -1, in[1]); }});
          samples.push_back({"first dimension", {make.uniform({6, 3}, -2, 2), make.ids({9}, 6)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          samples.push_back({"middle of a transposed",
                             {make.uniform({2, 3, 4}, -2, 2), make.ids({5}, 3)},
                             [](const Inputs& in) { return index_select(transpose(in[0], 0, 2), 1, in[1]); }});
          samples.push_back({"scalar", {make.uniform({}, -2, 2), zeros({1}, i64)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          samples.push_back({"no ids", {make.uniform({4, 3}, -2, 2), make.ids({0}, 4)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          return samples;
        },
    .invalid = {{"index past the end", [] { index_select(ones({3}), 0, full({2}, 3, i64)); }},
                {"index of rank 2",
                 [] {
                   index_select(ones({3}), 0, zeros({2, 2}, i64));
                 }},
                {"scalar past its end", [] { index_select(scalar(1), 0, ones({1}, i64)); }},
                {"scalar, more than once", [] { index_select(scalar(1), 0, zeros({2}, i64)); }},
                {"index of f32", [] { index_select(ones({3}), 0, ones({3})); }},
                {"no such dimension", [] { index_select(ones({3}), 1, zeros({3}, i64)); }},
                {"undefined", [] { index_select(Tensor(), 0, zeros({3}, i64)); }}},
    .also_records = {"index_select_backward"},
});

const OpSpec embedding_spec = OpSpec::add({
    .name = "embedding",
    .formula = "y[.., :] = table[ids[..], :]",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& table, const Shape& ids, int64_t padding) {
            return OpSample{label, {make.uniform(table, -2, 2), make.ids(ids, table[0])}, [padding](const Inputs& in) {
                              return embedding(in[0], in[1], padding);
                            }};
          };
          std::vector<OpSample> samples = {
              sample("one id", {5, 3}, {}, -1),      sample("a sequence", {5, 3}, {7}, -1),
              sample("a batch", {6, 2}, {3, 4}, -1), sample("width 1", {6, 1}, {3, 4}, -1),
              sample("no ids", {6, 2}, {0, 4}, -1),  sample("width 0", {6, 0}, {4}, -1),
              sample("large", {40, 33}, {5, 7}, -1),
          };
          samples.push_back({"views", {make.uniform({3, 8}, -2, 2), make.ids({4, 2}, 6)}, [](const Inputs& in) {
                               return embedding(slice(transpose(in[0], 0, 1), 0, 1, 7), transpose(in[1], 0, 1));
                             }});
          // The padding row is read but gets no gradient, which differences would see: values only.
          samples.push_back(sample("padding", {4, 3}, {9}, 2));
          samples.back().differentiable = false;
          return samples;
        },
    .invalid = {{"id past the end",
                 [] {
                   embedding(ones({3, 2}), full({2}, 3, i64));
                 }},
                {"negative id",
                 [] {
                   embedding(ones({3, 2}), full({2}, -1, i64));
                 }},
                {"ids of f32",
                 [] {
                   embedding(ones({3, 2}), ones({2}));
                 }},
                {"scalar", [] { embedding(scalar(1), zeros({2}, i64)); }},
                {"4-D",
                 [] {
                   embedding(ones({1, 1, 3, 2}), zeros({2}, i64));
                 }},
                {"1-D", [] { embedding(ones({3}), zeros({2}, i64)); }},
                {"padding outside",
                 [] {
                   embedding(ones({3, 2}), zeros({2}, i64), 3);
                 }},
                {"undefined", [] { embedding(Tensor(), zeros({2}, i64)); }}},
    .also_records = {"embedding_backward"},
});

}  // namespace
}  // namespace fovea
