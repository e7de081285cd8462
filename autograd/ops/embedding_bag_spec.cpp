// The op spec of embedding_bag.cpp.
#include <fovea/autograd/embedding_bag.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

OpSample sample(SampleMaker& make, const char* label, const Shape& table, const Shape& ids, bool weighted,
                int64_t padding = -1) {
  OpSample made{label, {make.uniform(table, -2, 2), make.ids(ids, table[0])}, {}};
  if (weighted) made.inputs.push_back(make.uniform(ids, -1, 1));
  made.call = [padding](const Inputs& in) {
    return embedding_bag(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), padding);
  };
  return made;
}

std::vector<OpSample> samples(SampleMaker& make) {
  std::vector<OpSample> all = {
      sample(make, "one id", {5, 3}, {1, 1}, false),
      sample(make, "plain sums", {5, 3}, {4, 7}, false),
      sample(make, "weighted", {5, 3}, {4, 7}, true),
      sample(make, "a tile and more", {6, 23}, {3, 5}, true),
      sample(make, "two tiles, plain", {6, 36}, {3, 4}, false),
      sample(make, "one row", {1, 2}, {2, 3}, true),
      sample(make, "width 1", {4, 1}, {3, 2}, true),
      sample(make, "padding is left out", {3, 5}, {4, 6}, true, 0),
      sample(make, "padding, plain", {3, 5}, {4, 6}, false, 2),
      sample(make, "no bags", {3, 2}, {0, 4}, true),
      sample(make, "empty bags", {3, 2}, {4, 0}, true),
      sample(make, "width 0", {3, 0}, {2, 4}, true),
  };
  all.push_back(
      {"views", {make.uniform({3, 8}, -2, 2), make.ids({4, 2}, 6), make.uniform({4, 2}, -1, 1)}, [](const Inputs& in) {
         return embedding_bag(slice(transpose(in[0], 0, 1), 0, 1, 7), transpose(in[1], 0, 1), transpose(in[2], 0, 1));
       }});
  all.push_back({"one weight for all",
                 {make.uniform({3, 2}, -2, 2), make.ids({4, 2}, 3), make.uniform({1, 1}, -1, 1)},
                 [](const Inputs& in) {
                   return embedding_bag(in[0], in[1], expand(in[2], {4, 2}));
                 }});
  const Tensor both = make.uniform({3, 2}, -2, 2);
  all.push_back({"the table is the weights", {both, make.ids({3, 2}, 3), both}, [](const Inputs& in) {
                   return embedding_bag(in[0], in[1], in[2]);
                 }});
  return all;
}

const OpSpec embedding_bag_spec = OpSpec::add({
    .name = "embedding_bag",
    .formula = "y(s) = sum_j per_sample_weights(s, j) table(ids(s, j))",
    .samples = samples,
    .invalid = {{"id past the end",
                 [] {
                   embedding_bag(ones({3, 2}), full({2, 1}, 3, i64));
                 }},
                {"negative id",
                 [] {
                   embedding_bag(ones({3, 2}), full({2, 1}, -1, i64));
                 }},
                {"ids of f32",
                 [] {
                   embedding_bag(ones({3, 2}), ones({2, 1}));
                 }},
                {"table of i64",
                 [] {
                   embedding_bag(ones({3, 2}, i64), zeros({2, 1}, i64));
                 }},
                {"types",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 1}, i64), ones({2, 1}, f64));
                 }},
                {"scalar",
                 [] {
                   embedding_bag(scalar(1), zeros({2, 1}, i64));
                 }},
                {"1-D",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2}, i64));
                 }},
                {"4-D",
                 [] {
                   embedding_bag(ones({1, 1, 3, 2}), zeros({2, 1}, i64));
                 }},
                {"weights of another bag",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 1}, i64), ones({1, 1}));
                 }},
                {"column broadcast",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 3}, i64), ones({2, 1}));
                 }},
                {"row broadcast",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 3}, i64), ones({1, 3}));
                 }},
                {"padding outside",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 1}, i64), {}, 3);
                 }},
                {"padding below -1",
                 [] {
                   embedding_bag(ones({3, 2}), zeros({2, 1}, i64), {}, -2);
                 }},
                {"undefined",
                 [] {
                   embedding_bag(Tensor(), zeros({2, 1}, i64));
                 }}},
    .also_records = {"embedding_bag_table", "embedding_bag_weights"},
});

}  // namespace
}  // namespace fovea
