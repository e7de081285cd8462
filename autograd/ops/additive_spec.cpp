// The op specs of additive.cpp.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

std::vector<OpSample> additive_samples(SampleMaker& make) {
  const SampleCall call = [](const std::vector<Tensor>& x) { return additive_score(x[0], x[1], x[2]); };
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, int64_t B, int64_t Tq, int64_t Tk, int64_t A) {
    samples.push_back({std::move(label),
                       {make.uniform({B, Tq, A}, -1, 1), make.uniform({B, Tk, A}, -1, 1), make.uniform({A}, -1, 1)},
                       call});
  };
  sizes("one query", 2, 1, 3, 4);
  sizes("several queries", 2, 3, 2, 3);
  sizes("one of each", 1, 1, 1, 1);
  sizes("a whole vector wide", 1, 2, 2, 16);
  sizes("past a vector", 1, 1, 2, 21);
  sizes("no keys", 2, 1, 0, 3);
  sizes("no queries", 2, 0, 2, 3);
  sizes("no batch", 0, 1, 2, 3);
  samples.push_back({"queries that are the keys",
                     {make.uniform({1, 3, 2}, -1, 1), make.uniform({2}, -1, 1)},
                     [](const std::vector<Tensor>& x) { return additive_score(x[0], x[0], x[1]); }});
  samples.push_back({"a key that counts for nothing",
                     {make.uniform({1, 2, 3}, -1, 1), make.uniform({1, 3, 3}, -1, 1), make.uniform({3}, -1, 1)},
                     [](const std::vector<Tensor>& x) {
                       const Tensor kept = tensor({1.0, 0.0, 1.0});
                       return additive_score(x[0], x[1], x[2]) * to(kept, x[0].dtype());
                     }});
  return samples;
}

const OpSpec additive_score_spec = OpSpec::add({
    .name = "additive_score",
    .formula = "e_ij = v . tanh(q_i + k_j)",
    .samples = additive_samples,
    .invalid = {{"scalar", [] { additive_score(scalar(1), scalar(1), scalar(1)); }},
                {"4-D",
                 [] {
                   additive_score(ones({1, 2, 1, 3}), ones({1, 2, 2, 3}), ones({3}));
                 }},
                {"column broadcast",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 1}), ones({3}));
                 }},
                {"rank",
                 [] {
                   additive_score(ones({2, 3}), ones({2, 2, 3}), ones({3}));
                 }},
                {"rank of the keys",
                 [] {
                   additive_score(ones({2, 2, 3}), ones({2, 3}), ones({3}));
                 }},
                {"width of the query",
                 [] {
                   additive_score(ones({2, 1, 4}), ones({2, 2, 3}), ones({3}));
                 }},
                {"no width",
                 [] {
                   additive_score(ones({2, 1, 0}), ones({2, 2, 0}), ones({0}));
                 }},
                {"batch",
                 [] {
                   additive_score(ones({1, 1, 3}), ones({2, 2, 3}), ones({3}));
                 }},
                {"width",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 4}), ones({3}));
                 }},
                {"v",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 3}), ones({1, 3}));
                 }},
                {"types",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 3}), ones({3}, f64));
                 }},
                {"undefined",
                 [] {
                   additive_score(Tensor(), ones({2, 2, 3}), ones({3}));
                 }}},
});

}  // namespace
}  // namespace fovea
