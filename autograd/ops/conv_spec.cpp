// The op specs of conv.cpp.
#include <fovea/autograd/conv.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <limits>

namespace fovea {
namespace {

std::vector<OpSample> conv2d_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](std::string label, const Shape& x, const Shape& weight, const ConvolutionOptions& options,
                       bool biased = true) {
    std::vector<Tensor> inputs{make.uniform(x, -1, 1), make.uniform(weight, -1, 1)};
    if (biased) inputs.push_back(make.uniform({weight[0]}, -1, 1));
    samples.push_back({std::move(label), inputs, [options](const std::vector<Tensor>& in) {
                         return conv2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options);
                       }});
  };
  add("one tap", {1, 1, 1, 1}, {1, 1, 1, 1}, {});
  add("3 x 3", {2, 3, 5, 4}, {2, 3, 3, 3}, {});
  add("padding", {2, 2, 4, 3}, {3, 2, 3, 3}, {.padding = 1}, false);
  add("more filters than a tile, as wide as x", {1, 2, 3, 2}, {9, 2, 2, 2}, {.padding = {1, 0}});
  add("one column", {2, 1, 4, 3}, {2, 1, 3, 1}, {});
  add("stride", {2, 2, 6, 5}, {2, 2, 3, 2}, {.stride = 2});
  add("stride that leaves a rest, padding", {1, 2, 6, 7}, {2, 2, 2, 3}, {.stride = {2, 3}, .padding = {1, 2}});
  add("stride larger than the kernel", {1, 2, 7, 6}, {2, 2, 1, 2}, {.stride = {3, 4}, .padding = {0, 1}});
  add("padding larger than the kernel", {1, 1, 2, 2}, {2, 1, 2, 1}, {.stride = {1, 2}, .padding = {3, 2}});
  add("stride beyond the image", {1, 1, 3, 3}, {1, 1, 2, 2}, {.stride = std::numeric_limits<int64_t>::max()});
  add("same shapes", {2, 3, 2, 2}, {2, 3, 2, 2}, {.padding = 1}, false);
  add("no images", {0, 2, 3, 3}, {2, 2, 2, 2}, {});
  add("no channels", {2, 0, 3, 3}, {2, 0, 2, 2}, {});
  add("no filters", {2, 2, 3, 3}, {0, 2, 2, 2}, {});
  add("padding alone", {2, 1, 0, 2}, {2, 1, 2, 2}, {.padding = 1});
  add("dilation", {2, 2, 5, 6}, {3, 2, 2, 3}, {.stride = {1, 2}, .padding = {1, 0}, .dilation = {3, 2}});
  add("dilation, one tap", {1, 2, 3, 3}, {2, 2, 1, 1}, {.dilation = 5});
  add("groups", {2, 4, 3, 4}, {6, 2, 2, 2}, {.padding = 1, .groups = 2});
  add("as many groups as channels, dilation", {1, 3, 4, 4}, {3, 1, 2, 2}, {.dilation = 2, .groups = 3}, false);
  return samples;
}

std::vector<OpSample> conv_transpose2d_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](std::string label, const Shape& x, const Shape& weight, const ConvTransposeOptions& options,
                       bool biased = true) {
    std::vector<Tensor> inputs{make.uniform(x, -1, 1), make.uniform(weight, -1, 1)};
    if (biased) inputs.push_back(make.uniform({weight[1] * options.groups}, -1, 1));
    samples.push_back({std::move(label), inputs, [options](const std::vector<Tensor>& in) {
                         return conv_transpose2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options);
                       }});
  };
  add("one tap", {1, 1, 1, 1}, {1, 1, 1, 1}, {});
  add("3 x 3", {2, 3, 4, 2}, {3, 2, 3, 3}, {});
  add("stride, padding", {2, 2, 3, 3}, {2, 3, 3, 2}, {.stride = 2, .padding = 1}, false);
  add("rows and columns of their own", {1, 2, 2, 3}, {2, 2, 2, 3},
      {.stride = {3, 2}, .padding = {0, 1}, .output_padding = {2, 1}});
  add("stride larger than the kernel", {1, 2, 3, 2}, {2, 2, 1, 2}, {.stride = 3});
  add("stride of one row", {1, 1, 1, 2}, {1, 1, 2, 2}, {.stride = {std::numeric_limits<int64_t>::max(), 1}});
  add("dilation", {1, 2, 3, 2}, {2, 2, 2, 3},
      {.stride = {1, 2}, .padding = {0, 1}, .output_padding = {1, 0}, .dilation = {2, 3}});
  add("dilation, stride of one row", {1, 1, 1, 2}, {1, 1, 2, 2},
      {.stride = {std::numeric_limits<int64_t>::max(), 1}, .dilation = 2});
  add("groups", {2, 4, 2, 3}, {4, 3, 2, 2}, {.stride = 2, .groups = 2});
  add("same shapes", {2, 2, 2, 2}, {2, 2, 2, 2}, {}, false);
  add("one column", {2, 1, 4, 3}, {1, 2, 3, 1}, {});
  add("no images", {0, 2, 3, 3}, {2, 2, 2, 2}, {});
  add("no channels", {2, 0, 3, 3}, {0, 2, 2, 2}, {});
  add("no filters", {2, 2, 3, 3}, {2, 0, 2, 2}, {});
  return samples;
}

const OpSpec conv2d_spec = OpSpec::add({
    .name = "conv2d",
    .formula = "y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, ..)",
    .samples = conv2d_samples,
    .invalid =
        {{"kernel larger than x",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 5, 1}));
          }},
         {"kernel larger than padded x",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 7}), {}, {.padding = 1});
          }},
         {"kernel without taps",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 0, 1}));
          }},
         {"channels",
          [] {
            conv2d(ones({1, 3, 4, 4}), ones({2, 1, 3, 3}));
          }},
         {"scalar",
          [] {
            conv2d(scalar(1), ones({1, 1, 1, 1}));
          }},
         {"rank of x",
          [] {
            conv2d(ones({3, 4, 4}), ones({2, 3, 3, 3}));
          }},
         {"rank of the weight",
          [] {
            conv2d(ones({1, 3, 4, 4}), ones({3, 3, 3}));
          }},
         {"rank of the bias",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({2, 1, 3, 3}), ones({2, 1, 1}));
          }},
         {"size of the bias",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({2, 1, 3, 3}), ones({1}));
          }},
         {"stride 0",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.stride = {1, 0}});
          }},
         {"dilation 0",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.dilation = {0, 1}});
          }},
         {"dilated kernel larger than x",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 2, 2}), {}, {.dilation = std::numeric_limits<int64_t>::max()});
          }},
         {"groups that do not divide",
          [] {
            conv2d(ones({1, 4, 4, 4}), ones({3, 2, 1, 1}), {}, {.groups = 2});
          }},
         {"groups 0",
          [] {
            conv2d(ones({1, 4, 4, 4}), ones({2, 2, 1, 1}), {}, {.groups = 0});
          }},
         {"negative padding",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.padding = {-1, 0}});
          }},
         {"padding beyond all numbers",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.padding = int64_t{1} << 62});
          }},
         {"padded x too large",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.stride = 1 << 30, .padding = 1 << 30});
          }},
         {"result too large",
          [] {
            conv2d(ones({1, 0, 1, 1}), expand(ones({1, 1, 1, 1}), {1 << 20, 0, 1, 1}), {}, {.padding = 1 << 20});
          }},
         {"types",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 3, 3}, f64));
          }},
         {"type of the bias",
          [] {
            conv2d(ones({1, 1, 4, 4}), ones({1, 1, 3, 3}), ones({1}, f64));
          }},
         {"i64",
          [] {
            conv2d(ones({1, 1, 4, 4}, i64), ones({1, 1, 3, 3}, i64));
          }},
         {"undefined",
          [] {
            conv2d(ones({1, 1, 4, 4}), Tensor());
          }}},
    .also_records = {"conv2d_input", "conv2d_weight"},
});

const OpSpec conv_transpose2d_spec = OpSpec::add({
    .name = "conv_transpose2d",
    .formula = "y(b, o, i stride + u dilation - padding, ..) = bias(o) + sum_c,u,v weight(c, o, u, v) x(b, c, i, j)",
    .samples = conv_transpose2d_samples,
    .invalid = {{"scalar",
                 [] {
                   conv_transpose2d(scalar(1), ones({1, 1, 1, 1}));
                 }},
                {"1-D", [] { conv_transpose2d(ones({4}), ones({4})); }},
                {"rank of x",
                 [] {
                   conv_transpose2d(ones({3, 4, 4}), ones({3, 2, 3, 3}));
                 }},
                {"rank of the weight",
                 [] {
                   conv_transpose2d(ones({1, 3, 4, 4}), ones({3, 3, 3}));
                 }},
                {"channels",
                 [] {
                   conv_transpose2d(ones({1, 3, 4, 4}), ones({2, 3, 3, 3}));
                 }},
                {"size of the bias",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 2, 3, 3}), ones({1}));
                 }},
                {"groups",
                 [] {
                   conv_transpose2d(ones({1, 3, 4, 4}), ones({3, 1, 3, 3}), {}, {.groups = 2});
                 }},
                {"no rows",
                 [] {
                   conv_transpose2d(ones({1, 1, 0, 4}), ones({1, 1, 3, 3}));
                 }},
                {"kernel without taps",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 0, 1}));
                 }},
                {"padding that leaves nothing",
                 [] {
                   conv_transpose2d(ones({1, 1, 1, 1}), ones({1, 1, 2, 2}), {}, {.padding = 1});
                 }},
                {"stride 0",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.stride = {1, 0}});
                 }},
                {"dilation 0",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.dilation = {0, 1}});
                 }},
                {"negative padding",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.padding = {-1, 0}});
                 }},
                {"output_padding as large as the stride",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.stride = 2, .output_padding = 2});
                 }},
                {"result too large",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.stride = int64_t{1} << 61});
                 }},
                {"padding beyond all numbers",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 1, 1}), {}, {.padding = int64_t{1} << 62});
                 }},
                {"types",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), ones({1, 1, 3, 3}, f64));
                 }},
                {"i64",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}, i64), ones({1, 1, 3, 3}, i64));
                 }},
                {"undefined",
                 [] {
                   conv_transpose2d(ones({1, 1, 4, 4}), Tensor());
                 }}},
});

}  // namespace
}  // namespace fovea
