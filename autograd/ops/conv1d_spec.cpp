// The op spec of conv1d.cpp.
#include <fovea/autograd/conv.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <limits>

namespace fovea {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

std::vector<OpSample> conv1d_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](std::string label, const Shape& x, const Shape& weight, const Conv1dOptions& options,
                       bool biased = true) {
    std::vector<Tensor> inputs{make.uniform(x, -1, 1), make.uniform(weight, -1, 1)};
    if (biased) inputs.push_back(make.uniform({weight[0]}, -1, 1));
    samples.push_back({std::move(label), inputs, [options](const std::vector<Tensor>& in) {
                         return conv1d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options);
                       }});
  };
  add("one tap", {1, 1, 1}, {1, 1, 1}, {});
  add("three taps", {2, 3, 7}, {4, 3, 3}, {});
  add("padding, stride", {2, 2, 6}, {3, 2, 3}, {.stride = 2, .padding = 2}, false);
  add("dilation", {2, 3, 9}, {2, 3, 2}, {.dilation = 4});
  add("dilation, stride that leaves a rest, padding", {1, 2, 8}, {2, 2, 3}, {.stride = 3, .padding = 2, .dilation = 2});
  add("groups", {2, 4, 5}, {6, 2, 2}, {.groups = 2});
  add("a group a channel", {1, 3, 5}, {3, 1, 3}, {.padding = 1, .groups = 3}, false);
  add("groups and dilation", {2, 4, 7}, {2, 2, 2}, {.padding = 1, .dilation = 3, .groups = 2});
  add("stride beyond x", {1, 2, 5}, {2, 2, 2}, {.stride = kHuge, .dilation = 2});
  add("same shapes", {2, 3, 2}, {2, 3, 2}, {.padding = 1, .dilation = 2}, false);
  add("no rows", {0, 2, 3}, {2, 2, 2}, {.dilation = 2});
  add("no channels", {2, 0, 3}, {2, 0, 2}, {.dilation = 2});
  add("no filters", {2, 2, 3}, {0, 2, 2}, {.dilation = 2});
  add("padding alone", {2, 1, 0}, {2, 1, 2}, {.padding = 1});
  return samples;
}

const OpSpec conv1d_spec = OpSpec::add({
    .name = "conv1d",
    .formula = "y(b, o, t) = bias(o) + sum_c,u weight(o, c, u) x(b, c, t stride + u dilation - padding)",
    .samples = conv1d_samples,
    .invalid = {{"kernel larger than x",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 5}));
                 }},
                {"dilated kernel larger than padded x",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 3}), {}, {.padding = 1, .dilation = 3});
                 }},
                {"kernel without taps",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 0}));
                 }},
                {"channels",
                 [] {
                   conv1d(ones({1, 3, 4}), ones({2, 1, 3}));
                 }},
                {"groups that do not divide the channels",
                 [] {
                   conv1d(ones({1, 3, 4}), ones({2, 1, 3}), {}, {.groups = 2});
                 }},
                {"groups that do not divide the filters",
                 [] {
                   conv1d(ones({1, 4, 4}), ones({3, 2, 3}), {}, {.groups = 2});
                 }},
                {"scalar",
                 [] {
                   conv1d(scalar(1), ones({1, 1, 1}));
                 }},
                {"4-D",
                 [] {
                   conv1d(ones({1, 1, 4, 4}), ones({1, 1, 3, 3}));
                 }},
                {"column broadcast",
                 [] {
                   conv1d(ones({1, 3, 4}), ones({1, 3, 1}), ones({1, 3, 1}));
                 }},
                {"rank of x",
                 [] {
                   conv1d(ones({3, 4}), ones({2, 3, 3}));
                 }},
                {"rank of the weight",
                 [] {
                   conv1d(ones({1, 3, 4}), ones({3, 3}));
                 }},
                {"size of the bias",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({2, 1, 3}), ones({1}));
                 }},
                {"stride 0",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 1}), {}, {.stride = 0});
                 }},
                {"dilation 0",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 1}), {}, {.dilation = 0});
                 }},
                {"no groups",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 1}), {}, {.groups = 0});
                 }},
                {"negative padding",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 1}), {}, {.padding = -1});
                 }},
                {"padding beyond all numbers",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 1}), {}, {.padding = int64_t{1} << 62});
                 }},
                {"dilation beyond all numbers",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 3}), {}, {.dilation = kHuge});
                 }},
                {"padded x too large",
                 [] {
                   conv1d(ones({1, 1 << 10, 4}), ones({1, 1 << 10, 1}), {}, {.padding = int64_t{1} << 60});
                 }},
                {"types",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 3}, f64));
                 }},
                {"type of the bias",
                 [] {
                   conv1d(ones({1, 1, 4}), ones({1, 1, 3}), ones({1}, f64));
                 }},
                {"i64",
                 [] {
                   conv1d(ones({1, 1, 4}, i64), ones({1, 1, 3}, i64));
                 }},
                {"undefined",
                 [] {
                   conv1d(ones({1, 1, 4}), Tensor());
                 }}},
});

}  // namespace
}  // namespace fovea
