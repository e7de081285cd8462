// The op spec of pool.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pool.h>

#include <limits>

namespace fovea {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

std::vector<OpSample> max_pool2d_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](std::string label, const Shape& x, const RowsColumns& kernel, const MaxPool2dOptions& options) {
    samples.push_back({std::move(label), {make.distinct(x)}, [=](const std::vector<Tensor>& in) {
                         return max_pool2d(in[0], kernel, options);
                       }});
  };
  add("2 x 2", {2, 3, 4, 6}, 2, {});
  add("a rest in both directions", {2, 1, 5, 7}, 2, {});
  add("one element", {1, 1, 1, 1}, 1, {});
  add("windows that overlap", {1, 2, 5, 4}, 3, {.stride = 1});
  add("stride 2, padding", {1, 2, 5, 6}, 3, {.stride = 2, .padding = 1});
  add("rows and columns of their own", {2, 2, 7, 5}, {3, 2},
      {.stride = {{1, 3}}, .padding = {1, 0}, .dilation = {2, 1}});
  add("dilation", {1, 1, 7, 7}, 2, {.stride = 2, .dilation = 3});
  add("windows beside x", {1, 1, 3, 3}, 2, {.padding = 1, .dilation = 4});
  samples.back().differentiable = false;  // -inf
  add("rounded up", {1, 2, 5, 8}, 3, {.stride = 2, .ceil_mode = true});
  add("rounded up, but no window behind x", {1, 1, 4, 3}, {2, 1}, {.stride = 3, .padding = {1, 0}, .ceil_mode = true});
  add("rounded up, a kernel beyond the image", {1, 2, 3, 2}, {5, 2}, {.ceil_mode = true});
  add("the whole image", {2, 3, 3, 4}, {3, 4}, {});
  add("stride beyond the image", {1, 1, 3, 3}, 2, {.stride = kHuge});
  add("no images", {0, 2, 3, 3}, 2, {});
  add("no channels", {2, 0, 3, 3}, 2, {});
  return samples;
}

const OpSpec max_pool2d_spec = OpSpec::add({
    .name = "max_pool2d",
    .formula = "y(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, ..)",
    .samples = max_pool2d_samples,
    .invalid = {{"scalar", [] { max_pool2d(scalar(1), 1); }},
                {"1-D", [] { max_pool2d(ones({4}), 2); }},
                {"rank 3",
                 [] {
                   max_pool2d(ones({3, 4, 4}), 2);
                 }},
                {"kernel larger than x",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), {5, 1});
                 }},
                {"dilated kernel larger than padded x",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 2, {.padding = 1, .dilation = 6});
                 }},
                {"no rows",
                 [] {
                   max_pool2d(ones({1, 1, 0, 4}), 2, {.padding = 1});
                 }},
                {"kernel 0",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), {0, 1});
                 }},
                {"stride 0",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 2, {.stride = {{1, 0}}});
                 }},
                {"dilation 0",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 2, {.dilation = {0, 1}});
                 }},
                {"negative padding",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 2, {.padding = {-1, 0}});
                 }},
                {"padding above half of the kernel",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 3, {.padding = 2});
                 }},
                {"kernel beyond all numbers",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), kHuge, {.padding = kHuge / 2});
                 }},
                {"dilation beyond all numbers",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}), 3, {.dilation = kHuge});
                 }},
                {"image too large",
                 [] {
                   max_pool2d(expand(ones({0, 1, 1, 1}), {0, 1, 1 << 16, 1 << 16}), 1);
                 }},
                {"i64",
                 [] {
                   max_pool2d(ones({1, 1, 4, 4}, i64), 2);
                 }},
                {"undefined", [] { max_pool2d(Tensor(), 2); }}},
    .also_records = {"max_pool2d_spread", "max_pool2d_pick"},
});

}  // namespace
}  // namespace fovea
