// The op specs of normalize.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <cmath>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpSample> layer_norm_samples(SampleMaker& make) {
  const SampleCall call = [](const Inputs& x) { return layer_norm(x[0], x[1], x[2], 1e-2); };
  std::vector<OpSample> samples;
  const auto shapes = [&](const char* label, const Shape& shape) {
    const int64_t n = shape.back();
    samples.push_back({label, {make.uniform(shape, -2, 2), make.uniform({n}, 0.5, 2), make.uniform({n}, -1, 1)}, call});
  };
  shapes("one row", {5});
  shapes("rows", {3, 19});
  shapes("4-D", {2, 1, 3, 4});
  shapes("rows of one", {3, 1});
  shapes("no rows", {0, 4});
  shapes("rows of nothing", {4, 0});
  shapes("more rows than one partial sum takes", {70, 3});
  samples.push_back({"no weight, no bias", {make.uniform({3, 4}, -2, 2)}, [](const Inputs& x) {
                       return layer_norm(x[0], Tensor(), Tensor(), 1e-2);
                     }});
  samples.push_back({"transposed", {make.uniform({4, 3}, -2, 2), make.uniform({4}, 0.5, 2)}, [](const Inputs& x) {
                       return layer_norm(transpose(x[0], 0, 1), x[1], Tensor(), 1e-2);
                     }});
  samples.push_back({"stride 0", {make.uniform({3, 1}, -2, 2), make.uniform({4}, 0.5, 2)}, [](const Inputs& x) {
                       return layer_norm(expand(x[0], {3, 4}), x[1], x[1], 1e-2);
                     }});
  return samples;
}

const OpSpec layer_norm_spec = OpSpec::add({
    .name = "layer_norm",
    .formula = "y = (x - mean x) / sqrt(var x + eps) weight + bias",
    .samples = layer_norm_samples,
    .invalid = {{"weight of another size",
                 [] {
                   layer_norm(ones({2, 3}), ones({2}), Tensor());
                 }},
                {"bias of rank 2",
                 [] {
                   layer_norm(ones({2, 3}), Tensor(), ones({1, 3}));
                 }},
                {"negative eps",
                 [] {
                   layer_norm(ones({2, 3}), Tensor(), Tensor(), -1);
                 }},
                {"column broadcast",
                 [] {
                   layer_norm(ones({2, 3}), ones({2, 1}), Tensor());
                 }},
                {"scalar", [] { layer_norm(scalar(1), Tensor(), Tensor()); }},
                {"types", [] { layer_norm(ones({3}), ones({3}, f64), Tensor()); }},
                {"i64", [] { layer_norm(arange(3), Tensor(), Tensor()); }},
                {"undefined", [] { layer_norm(Tensor(), Tensor(), Tensor()); }}},
});

const OpSpec rms_norm_spec = OpSpec::add({
    .name = "rms_norm",
    .formula = "y = x / sqrt(mean x^2 + eps) weight",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make, [](const Inputs& x) { return rms_norm(x[0], Tensor(), 1e-2); }, -2, 2);
          for (const Shape& shape : {Shape{5}, Shape{3, 19}, Shape{2, 1, 3, 4}, Shape{4, 0}})
            samples.push_back({"with a weight " + shape.str(),
                               {make.uniform(shape, -2, 2), make.uniform({shape.back()}, 0.5, 2)},
                               [](const Inputs& x) { return rms_norm(x[0], x[1], 1e-2); }});
          return samples;
        },
    .invalid = {{"weight of another size",
                 [] {
                   rms_norm(ones({2, 3}), ones({2}));
                 }},
                {"column broadcast",
                 [] {
                   rms_norm(ones({2, 3}), ones({2, 1}));
                 }},
                {"negative eps", [] { rms_norm(ones({3}), Tensor(), -1); }},
                {"scalar", [] { rms_norm(scalar(1), Tensor()); }},
                {"types", [] { rms_norm(ones({3}), ones({3}, f64)); }},
                {"i64", [] { rms_norm(arange(3), Tensor()); }},
                {"undefined", [] { rms_norm(Tensor(), Tensor()); }}},
});

const OpSpec group_norm_spec = OpSpec::add({
    .name = "group_norm",
    .formula = "y = layer_norm of each group of channels, then weight and bias of each channel",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          const auto more = [&](const Shape& shape, int64_t groups) {
            const int64_t n = shape[1];
            samples.push_back({std::to_string(groups) + " groups of " + shape.str(),
                               {make.uniform(shape, -2, 2), make.uniform({n}, 0.5, 2), make.uniform({n}, -1, 1)},
                               [groups](const Inputs& x) { return group_norm(x[0], groups, x[1], x[2], 1e-2); }});
          };
          more({3, 4}, 2);
          more({2, 6, 3}, 3);
          more({2, 4, 3, 2}, 1);
          more({1, 4, 2, 2}, 2);
          more({0, 4, 2}, 2);
          more({2, 4, 0}, 2);
          more({4, 6, 11}, 2);
          samples.push_back({"no weight, no bias", {make.uniform({2, 4, 3}, -2, 2)}, [](const Inputs& x) {
                               return group_norm(x[0], 2, Tensor(), Tensor(), 1e-2);
                             }});
          return samples;
        },
    .invalid = {{"groups that do not divide",
                 [] {
                   group_norm(ones({2, 3}), 2, Tensor(), Tensor());
                 }},
                {"no groups",
                 [] {
                   group_norm(ones({2, 3}), 0, Tensor(), Tensor());
                 }},
                {"weight of another size",
                 [] {
                   group_norm(ones({2, 4}), 2, ones({2}), Tensor());
                 }},
                {"column broadcast",
                 [] {
                   group_norm(ones({2, 4}), 2, ones({2, 1}), Tensor());
                 }},
                {"negative eps",
                 [] {
                   group_norm(ones({2, 4}), 2, Tensor(), Tensor(), -1);
                 }},
                {"scalar", [] { group_norm(scalar(1), 1, Tensor(), Tensor()); }},
                {"vector", [] { group_norm(ones({4}), 2, Tensor(), Tensor()); }},
                {"types",
                 [] {
                   group_norm(ones({2, 4}), 2, ones({4}, f64), Tensor());
                 }},
                {"undefined", [] { group_norm(Tensor(), 1, Tensor(), Tensor()); }}},
});

const OpSpec normalize_spec = OpSpec::add({
    .name = "normalize",
    .formula = "y = x / |x|",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make, [](const Inputs& x) { return normalize(x[0], -1); }, 0.2, 2);
          samples.push_back({"scalar", {make.uniform({}, 0.2, 2)}, [](const Inputs& x) { return normalize(x[0], 0); }});
          samples.push_back(
              {"columns", {make.uniform({3, 4}, -2, -0.2)}, [](const Inputs& x) { return normalize(x[0], 0); }});
          samples.push_back({"longer than eps", {make.uniform({2, 3}, 0.2, 2)}, [](const Inputs& x) {
                               return normalize(x[0], 1, 1e-12);
                             }});
          samples.push_back({"shorter than eps", {make.uniform({2, 3}, 0.1, 0.2)}, [](const Inputs& x) {
                               return normalize(x[0], 1, 0.9);
                             }});
          return samples;
        },
    .invalid = {{"no such dimension", [] { normalize(ones({3}), 1); }},
                {"negative eps", [] { normalize(ones({3}), 0, -1); }},
                {"eps NaN", [] { normalize(ones({3}), 0, NAN); }},
                {"i64", [] { normalize(arange(3), 0); }},
                {"undefined", [] { normalize(Tensor(), 0); }}},
});

OpSpec dropout_spec_of() {
  const auto call = [](double p) {
    return [p](const Inputs& x) {
      Generator generator(5);
      return dropout(x[0], p, generator);
    };
  };
  const auto invalid = [](double p) {
    return [p] {
      Generator generator;
      dropout(ones({2}), p, generator);
    };
  };
  OpSpec spec;
  spec.name = "dropout";
  spec.formula = "y = x keep / (1 - p)";
  spec.samples = [call](SampleMaker& make) {
    auto samples = elementwise_samples(make, call(0.4), 1, -2, 2);
    samples.push_back({"nothing dropped", {make.uniform({2, 3}, -1, 1)}, call(0)});
    samples.push_back({"all dropped", {make.uniform({2, 3}, -1, 1)}, call(1)});
    return samples;
  };
  spec.invalid = {{"probability above 1", invalid(1.5)},
                  {"negative probability", invalid(-0.1)},
                  {"probability NaN", invalid(NAN)},
                  {"undefined", [] {
                     Generator generator;
                     dropout(Tensor(), 0.5, generator);
                   }}};
  return spec;
}
const OpSpec dropout_spec = OpSpec::add(dropout_spec_of());

}  // namespace
}  // namespace fovea
