// Layouts other than contiguous are made inside a sample's call, by differentiable views: its inputs stay plain leaves,
// which central differences may nudge one element at a time.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>

namespace fovea {
namespace {

std::vector<OpSpec>& registry() {
  static std::vector<OpSpec> specs;
  return specs;
}

using View = Tensor (*)(const Tensor& x);

struct Layout {
  const char* label;
  Shape shape;  // of the leaf
  View view;
};

const Layout kLayouts[] = {
    {"transposed", {4, 3}, [](const Tensor& x) { return transpose(x, 0, 1); }},
    {"sliced with an offset", {5, 6}, [](const Tensor& x) { return slice(slice(x, 0, 1, 4), 1, 2, 6); }},
    {"every other column", {3, 8}, [](const Tensor& x) { return slice(x, 1, 1, 8, 2); }},
    {"stride 0",
     {3, 1},
     [](const Tensor& x) {
       return expand(x, {3, 4});
     }},
};

OpSample viewed(SampleMaker& make, const SampleCall& call, const Layout& layout, int n, double low, double high) {
  OpSample sample{layout.label, {}, [call, view = layout.view](const std::vector<Tensor>& inputs) {
                    std::vector<Tensor> views;
                    for (const Tensor& x : inputs) views.push_back(view(x));
                    return call(views);
                  }};
  for (int i = 0; i < n; ++i) sample.inputs.push_back(make.uniform(layout.shape, low, high));
  return sample;
}

OpSample plain(SampleMaker& make, const SampleCall& call, const char* label, const Shape& shape, int n, double low,
               double high) {
  OpSample sample{label, {}, call};
  for (int i = 0; i < n; ++i) sample.inputs.push_back(make.uniform(shape, low, high));
  return sample;
}

// The second and further inputs have another shape than the first.
OpSample broadcast(SampleMaker& make, const SampleCall& call, const char* label, const Shape& first,
                   const Shape& others, int n, double low, double high) {
  OpSample sample{label, {make.uniform(first, low, high)}, call};
  for (int i = 1; i < n; ++i) sample.inputs.push_back(make.uniform(others, low, high));
  return sample;
}

}  // namespace

Tensor SampleMaker::distinct(const Shape& shape, double gap) {
  const int64_t n = shape.numel();
  Tensor values = array::to(permutation(n, generator_), f64);
  values.mul_(gap);
  values.add_(scalar(-0.5 * gap * static_cast<double>(n), f64));
  return array::reshape(values, shape);
}

Tensor SampleMaker::mask(const Shape& shape, double probability) {
  return array::to(bernoulli(shape, probability, generator_, f64), boolean);
}

OpSpec OpSpec::add(OpSpec spec) {
  registry().push_back(spec);
  return spec;
}

const std::vector<OpSpec>& op_specs() { return registry(); }

std::vector<OpSample> elementwise_samples(SampleMaker& make, const SampleCall& call, int n, double low, double high) {
  std::vector<OpSample> samples = {
      plain(make, call, "scalar", {}, n, low, high),
      plain(make, call, "one dimension, not a multiple of a vector", {19}, n, low, high),
      plain(make, call, "four dimensions", {2, 3, 2, 3}, n, low, high),
      plain(make, call, "size-1 dimensions", {1, 3, 1}, n, low, high),
      plain(make, call, "no elements", {2, 0, 3}, n, low, high),
      plain(make, call, "more elements than the full Jacobian takes", {23, 11}, n, low, high),
  };
  for (const Layout& layout : kLayouts) samples.push_back(viewed(make, call, layout, n, low, high));
  if (n == 1) return samples;
  samples.push_back(broadcast(make, call, "row broadcast", {3, 4}, {4}, n, low, high));
  samples.push_back(broadcast(make, call, "column broadcast", {3, 4}, {3, 1}, n, low, high));
  samples.push_back(broadcast(make, call, "both broadcast", {3, 1, 2}, {4, 1}, n, low, high));
  samples.push_back(broadcast(make, call, "scalar broadcast", {2, 3}, {}, n, low, high));
  samples.push_back(broadcast(make, call, "broadcast of the first", {1, 3}, {2, 2, 3}, n, low, high));
  OpSample twice{
      "the same tensor twice", {make.uniform({3, 2}, low, high)}, [call, n](const std::vector<Tensor>& inputs) {
        return call(std::vector<Tensor>(static_cast<size_t>(n), inputs[0]));
      }};
  samples.push_back(std::move(twice));
  return samples;
}

std::vector<OpSample> layout_samples(SampleMaker& make, const SampleCall& call, double low, double high) {
  std::vector<OpSample> samples = {
      plain(make, call, "one dimension, not a multiple of a vector", {19}, 1, low, high),
      plain(make, call, "one element", {1}, 1, low, high),
      plain(make, call, "two dimensions", {3, 5}, 1, low, high),
      plain(make, call, "four dimensions", {2, 3, 2, 4}, 1, low, high),
      plain(make, call, "size-1 dimensions", {1, 4, 1}, 1, low, high),
      plain(make, call, "no rows", {0, 3}, 1, low, high),
      plain(make, call, "more elements than the full Jacobian takes", {23, 11}, 1, low, high),
  };
  for (const Layout& layout : kLayouts) samples.push_back(viewed(make, call, layout, 1, low, high));
  return samples;
}

}  // namespace fovea
