// The op spec of batch_norm.cpp.
#include <fovea/autograd/batch_norm.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <cmath>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

// With statistics of the batch (which move others that nobody reads), or with given ones.
SampleCall call_of(bool training, bool affine = true) {
  return [=](const Inputs& x) {
    const int64_t C = x[0].size(1);
    const Tensor mean = full({C}, 0.25, x[0].dtype()), variance = full({C}, 1.5, x[0].dtype());
    return batch_norm(x[0], mean, variance, affine ? x[1] : Tensor(), affine ? x[2] : Tensor(),
                      {.training = training, .eps = 1e-2});
  };
}

std::vector<OpSample> batch_norm_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, const Shape& shape) {
    for (const bool training : {true, false}) {
      if (training && shape.numel() == shape[1] && shape[1] > 0) continue;
      samples.push_back(
          {std::string(label) + (training ? ", of the batch" : ", running"),
           {make.uniform(shape, -2, 2), make.uniform({shape[1]}, 0.5, 2), make.uniform({shape[1]}, -1, 1)},
           call_of(training)});
    }
  };
  add("matrix", {5, 3});
  add("one channel", {4, 1});
  add("one example, one value a channel", {1, 3});
  add("sequences", {2, 3, 4});
  add("images", {2, 3, 2, 3});
  add("one image", {1, 2, 3, 5});
  add("long rows", {2, 1, 7, 9});
  add("no examples", {0, 3, 2});
  add("no channels", {3, 0, 2});
  samples.push_back({"no weight, no bias", {make.uniform({3, 2, 4}, -2, 2)}, call_of(true, false)});
  samples.push_back({"no running statistics", {make.uniform({3, 2, 4}, -2, 2)}, [](const Inputs& x) {
                       return batch_norm(x[0], Tensor(), Tensor(), Tensor(), Tensor(), {.training = true, .eps = 1e-2});
                     }});
  return samples;
}

const OpSpec batch_norm_spec = OpSpec::add({
    .name = "batch_norm",
    .formula = "y = (x - mean) / sqrt(var + eps) weight + bias for each channel",
    .samples = batch_norm_samples,
    .invalid = {{"scalar", [] { batch_norm(scalar(1), ones({1}), ones({1})); }},
                {"vector", [] { batch_norm(ones({4}), ones({4}), ones({4})); }},
                {"weight of another size",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), ones({2}));
                 }},
                {"bias of rank 2",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), Tensor(), ones({1, 3}));
                 }},
                {"column broadcast",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), ones({2, 1}));
                 }},
                {"running mean of another size",
                 [] {
                   batch_norm(ones({2, 3}), ones({2}), ones({3}));
                 }},
                {"running variance missing",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), Tensor(), Tensor(), Tensor(), {.training = true});
                 }},
                {"no statistics outside training",
                 [] {
                   batch_norm(ones({2, 3}), Tensor(), Tensor());
                 }},
                {"one value a channel in training",
                 [] {
                   batch_norm(ones({1, 3, 1}), ones({3}), ones({3}), Tensor(), Tensor(), {.training = true});
                 }},
                {"negative eps",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), Tensor(), Tensor(), {.eps = -1});
                 }},
                {"momentum above 1",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), Tensor(), Tensor(), {.momentum = 1.5});
                 }},
                {"momentum NaN",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), Tensor(), Tensor(), {.momentum = NAN});
                 }},
                {"types",
                 [] {
                   batch_norm(ones({2, 3}), ones({3}), ones({3}), ones({3}, f64));
                 }},
                {"i64",
                 [] {
                   batch_norm(ones({2, 3}, i64), ones({3}), ones({3}));
                 }},
                {"undefined", [] { batch_norm(Tensor(), ones({3}), ones({3})); }}},
});

}  // namespace
}  // namespace fovea
