// The op specs of matmul.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

std::vector<OpSample> matmul_samples(SampleMaker& make) {
  const SampleCall call = [](const std::vector<Tensor>& x) { return matmul(x[0], x[1]); };
  std::vector<OpSample> samples;
  const auto shapes = [&](std::string label, const Shape& a, const Shape& b) {
    samples.push_back({std::move(label), {make.uniform(a, -1, 1), make.uniform(b, -1, 1)}, call});
  };
  shapes("vector vector", {4}, {4});
  shapes("matrix vector", {3, 4}, {4});
  shapes("vector matrix", {4}, {4, 2});
  shapes("matrix matrix", {3, 4}, {4, 2});
  shapes("size-1", {1, 4}, {4, 1});
  shapes("inner 1", {3, 1}, {1, 2});
  shapes("batch", {2, 3, 4}, {2, 4, 2});
  shapes("4-D", {2, 2, 3, 2}, {2, 2, 2, 3});
  shapes("broadcast right", {2, 3, 4}, {4, 2});
  shapes("broadcast left", {3, 4}, {2, 4, 2});
  shapes("broadcast both", {2, 1, 3, 2}, {1, 3, 2, 2});
  shapes("zero rows", {0, 4}, {4, 2});
  shapes("zero inner", {3, 0}, {0, 2});
  shapes("zero batch", {3, 0, 0}, {0, 0});
  shapes("zero inner in a batch", {2, 3, 0}, {0, 4});
  shapes("zero inner, vector", {2, 3, 0}, {0});
  Tensor square = make.uniform({3, 3}, -1, 1);
  samples.push_back({"same tensor twice", {square}, [](const std::vector<Tensor>& x) { return matmul(x[0], x[0]); }});
  samples.push_back(
      {"transposed", {make.uniform({4, 3}, -1, 1), make.uniform({2, 4}, -1, 1)}, [](const std::vector<Tensor>& x) {
         return matmul(transpose(x[0], 0, 1), transpose(x[1], 0, 1));
       }});
  samples.push_back(
      {"stride 0", {make.uniform({1, 4}, -1, 1), make.uniform({4, 1}, -1, 1)}, [](const std::vector<Tensor>& x) {
         return matmul(expand(x[0], {3, 4}), expand(x[1], {4, 2}));
       }});
  return samples;
}

std::vector<OpSample> linear_samples(SampleMaker& make) {
  const SampleCall call = [](const std::vector<Tensor>& x) {
    return linear(x[0], x[1], x.size() > 2 ? x[2] : Tensor());
  };
  std::vector<OpSample> samples;
  const auto shapes = [&](std::string label, const Shape& x, int64_t in, int64_t out, bool biased) {
    std::vector<Tensor> inputs{make.uniform(x, -1, 1), make.uniform({out, in}, -1, 1)};
    if (biased) inputs.push_back(make.uniform({out}, -1, 1));
    samples.push_back({std::move(label), inputs, call});
  };
  shapes("vector", {3}, 3, 2, true);
  shapes("matrix", {4, 3}, 3, 2, true);
  shapes("no bias", {4, 3}, 3, 2, false);
  shapes("3-D", {2, 3, 4}, 4, 2, true);
  shapes("4-D", {2, 1, 3, 2}, 2, 3, true);
  shapes("size-1", {1, 1}, 1, 1, true);
  shapes("zero rows", {0, 3}, 3, 2, true);
  shapes("no inputs", {2, 0}, 0, 3, true);
  shapes("no outputs", {4, 2}, 2, 0, true);
  shapes("neither", {2, 2, 0}, 0, 0, false);
  return samples;
}

const OpSpec matmul_spec = OpSpec::add({
    .name = "matmul",
    .formula = "c[..., i, j] = sum_k a[..., i, k] b[..., k, j]",
    .samples = matmul_samples,
    .invalid = {{"inner sizes",
                 [] {
                   matmul(ones({8, 16}), ones({8, 4}));
                 }},
                {"vector of another size",
                 [] {
                   matmul(ones({8, 16}), ones({8}));
                 }},
                {"batch sizes",
                 [] {
                   matmul(ones({2, 3, 4}), ones({3, 4, 2}));
                 }},
                {"scalar",
                 [] {
                   matmul(scalar(1), ones({2, 2}));
                 }},
                {"types",
                 [] {
                   matmul(ones({2, 2}), ones({2, 2}, f64));
                 }},
                {"i64",
                 [] {
                   matmul(ones({2, 2}, i64), ones({2, 2}, i64));
                 }}},
});
const OpSpec linear_spec = OpSpec::add({
    .name = "linear",
    .formula = "y = x W^T + b",
    .samples = linear_samples,
    .invalid = {{"inner sizes",
                 [] {
                   linear(ones({2, 3}), ones({4, 2}));
                 }},
                {"column broadcast",
                 [] {
                   linear(ones({2, 3}), ones({4, 1}));
                 }},
                {"bias size",
                 [] {
                   linear(ones({2, 3}), ones({4, 3}), ones({3}));
                 }},
                {"bias rank",
                 [] {
                   linear(ones({2, 3}), ones({4, 3}), ones({1, 4}));
                 }},
                {"scalar",
                 [] {
                   linear(scalar(1), ones({4, 1}));
                 }},
                {"type of the bias",
                 [] {
                   linear(ones({2, 3}), ones({4, 3}), ones({4}, f64));
                 }},
                {"types",
                 [] {
                   linear(ones({2, 3}), ones({4, 3}, f64));
                 }},
                {"weight rank",
                 [] {
                   linear(ones({2, 3}), ones({3}));
                 }}},
});

}  // namespace
}  // namespace fovea
