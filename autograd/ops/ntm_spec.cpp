// The op specs of ntm.cpp.
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

// Weights as addressing makes them: positive rows that sum to 1.
Tensor weights_like(const Tensor& x) { return softmax(x, -1); }

std::vector<OpSample> address_samples(SampleMaker& make) {
  const SampleCall call = [](const std::vector<Tensor>& x) { return ntm_address(x[0], x[1], weights_like(x[2])); };
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, int64_t B, int64_t H, int64_t N, int64_t M, int64_t K) {
    samples.push_back(
        {std::move(label),
         {make.uniform({B, H, M + K + 3}, -2, 2), make.uniform({B, M, N}, -1, 1), make.uniform({B, H, N}, -1, 1)},
         call});
  };
  sizes("one head", 1, 1, 5, 3, 3);
  sizes("heads and batch", 2, 2, 6, 3, 3);
  sizes("one slot", 1, 1, 1, 2, 1);
  sizes("one column, no shift", 2, 1, 4, 1, 1);
  sizes("five shifts", 1, 2, 7, 2, 5);
  sizes("more shifts than slots", 1, 1, 3, 2, 7);
  sizes("slots past a vector", 1, 1, 37, 3, 3);
  sizes("no batch", 0, 1, 4, 2, 3);
  samples.push_back(
      {"constant memory and sharp focus",
       {make.uniform({1, 1, 9}, -2, 2), full({1, 3, 5}, 0.1, f64), tensor({-3.0, 6.0, -3.0, -3.0, -3.0}, {1, 1, 5})},
       [](const std::vector<Tensor>& x) { return ntm_address(x[0] * 4.0, x[1], weights_like(x[2])); }});
  return samples;
}

std::vector<OpSample> memory_samples(SampleMaker& make, bool writes) {
  const SampleCall write = [](const std::vector<Tensor>& x) {
    return ntm_write(x[0], weights_like(x[1]), sigmoid(x[2]), x[3]);
  };
  const SampleCall read = [](const std::vector<Tensor>& x) { return ntm_read(x[0], x[1]); };
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, int64_t B, int64_t H, int64_t N, int64_t M) {
    std::vector<Tensor> inputs{make.uniform({B, M, N}, -1, 1), make.uniform({B, H, N}, -1, 1)};
    if (writes)
      for (int i = 0; i < 2; ++i) inputs.push_back(make.uniform({B, H, M}, -1, 1));
    samples.push_back({std::move(label), inputs, writes ? write : read});
  };
  sizes("one head", 1, 1, 5, 3);
  sizes("heads and batch", 2, 3, 4, 2);
  sizes("one slot, one column", 2, 1, 1, 1);
  sizes("slots past a vector", 1, 2, 37, 3);
  sizes("no batch", 0, 2, 4, 3);
  return samples;
}

const OpSpec ntm_address_spec = OpSpec::add({
    .name = "ntm_address",
    .formula = "w = sharpen(shift(interpolate(softmax(beta cos(k, M)))))",
    .samples = address_samples,
    .invalid = {{"scalar", [] { ntm_address(scalar(1), scalar(1), scalar(1)); }},
                {"1-D", [] { ntm_address(ones({8}), ones({3}), ones({3})); }},
                {"4-D",
                 [] {
                   ntm_address(ones({1, 1, 1, 8}), ones({1, 1, 2, 3}), ones({1, 1, 1, 3}));
                 }},
                {"memory rank",
                 [] {
                   ntm_address(ones({1, 1, 8}), ones({2, 3}), ones({1, 1, 3}));
                 }},
                {"no slots",
                 [] {
                   ntm_address(ones({1, 1, 8}), ones({1, 2, 0}), ones({1, 1, 0}));
                 }},
                {"no shifts",
                 [] {
                   ntm_address(ones({1, 1, 4}), ones({1, 2, 3}), ones({1, 1, 3}));
                 }},
                {"heads",
                 [] {
                   ntm_address(ones({1, 2, 8}), ones({1, 2, 3}), ones({1, 1, 3}));
                 }},
                {"parameter rank",
                 [] {
                   ntm_address(ones({1, 8}), ones({1, 2, 3}), ones({1, 1, 3}));
                 }},
                {"even shifts",
                 [] {
                   ntm_address(ones({1, 1, 7}), ones({1, 2, 3}), ones({1, 1, 3}));
                 }},
                {"slots",
                 [] {
                   ntm_address(ones({1, 1, 8}), ones({1, 2, 3}), ones({1, 1, 4}));
                 }},
                {"batch",
                 [] {
                   ntm_address(ones({2, 1, 8}), ones({1, 2, 3}), ones({1, 1, 3}));
                 }},
                {"types",
                 [] {
                   ntm_address(ones({1, 1, 8}, f64), ones({1, 2, 3}), ones({1, 1, 3}));
                 }}},
});
const OpSpec ntm_write_spec = OpSpec::add({
    .name = "ntm_write",
    .formula = "M' = M prod_h (1 - w_h e_h^T) + sum_h w_h a_h^T",
    .samples = [](SampleMaker& make) { return memory_samples(make, true); },
    .invalid = {{"scalar", [] { ntm_write(scalar(1), scalar(1), scalar(1), scalar(1)); }},
                {"1-D", [] { ntm_write(ones({3}), ones({3}), ones({2}), ones({2})); }},
                {"4-D",
                 [] {
                   ntm_write(ones({1, 1, 2, 3}), ones({1, 1, 1, 3}), ones({1, 1, 1, 2}), ones({1, 1, 1, 2}));
                 }},
                {"column broadcast",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 1}), ones({1, 1, 2}), ones({1, 1, 2}));
                 }},
                {"heads of add",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 3}), ones({1, 1, 2}), ones({1, 2, 2}));
                 }},
                {"add width",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 3}), ones({1, 1, 2}), ones({1, 1, 3}));
                 }},
                {"erase width",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 3}), ones({1, 1, 3}), ones({1, 1, 2}));
                 }},
                {"slots",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 4}), ones({1, 1, 2}), ones({1, 1, 2}));
                 }},
                {"types",
                 [] {
                   ntm_write(ones({1, 2, 3}), ones({1, 1, 3}), ones({1, 1, 2}, f64), ones({1, 1, 2}));
                 }}},
});
const OpSpec ntm_read_spec = OpSpec::add({
    .name = "ntm_read",
    .formula = "r_h = sum_i w_h(i) M(i)",
    .samples = [](SampleMaker& make) { return memory_samples(make, false); },
    .invalid = {{"slots",
                 [] {
                   ntm_read(ones({1, 2, 3}), ones({1, 1, 4}));
                 }},
                {"scalar", [] { ntm_read(scalar(1), scalar(1)); }},
                {"1-D", [] { ntm_read(ones({3}), ones({3})); }},
                {"4-D",
                 [] {
                   ntm_read(ones({1, 1, 2, 3}), ones({1, 1, 1, 3}));
                 }},
                {"column broadcast",
                 [] {
                   ntm_read(ones({1, 2, 3}), ones({1, 1, 1}));
                 }},
                {"rank",
                 [] {
                   ntm_read(ones({2, 3}), ones({1, 1, 3}));
                 }}},
});

}  // namespace
}  // namespace fovea
