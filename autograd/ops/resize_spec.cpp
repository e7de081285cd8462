// The op specs of resize.cpp.
#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pool.h>

#include <limits>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

std::vector<OpSample> avg_pool2d_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, const Shape& x, const RowsColumns& kernel, const AvgPool2dOptions& options) {
    samples.push_back(
        {label, {make.uniform(x, -1, 1)}, [=](const Inputs& in) { return avg_pool2d(in[0], kernel, options); }});
  };
  add("2 x 2", {2, 3, 4, 6}, 2, {});
  add("a rest in both directions", {2, 1, 5, 7}, 2, {});
  add("one element", {1, 1, 1, 1}, 1, {});
  add("windows that overlap, padding", {1, 2, 5, 6}, 3, {.stride = 2, .padding = 1});
  add("padding that does not count", {1, 2, 5, 6}, 3, {.stride = 2, .padding = 1, .count_include_pad = false});
  add("rows and columns of their own", {2, 2, 7, 5}, {3, 2}, {.stride = {{1, 3}}, .padding = {1, 0}});
  add("rounded up", {1, 2, 5, 8}, 3, {.stride = 2, .padding = 1, .ceil_mode = true});
  add("rounded up, a kernel beyond the image", {1, 2, 3, 2}, {5, 2}, {.ceil_mode = true});
  add("stride beyond the image", {1, 1, 3, 3}, 2, {.stride = kHuge});
  add("no images", {0, 2, 3, 3}, 2, {});
  add("no channels", {2, 0, 3, 3}, 2, {});
  return samples;
}

std::vector<OpSample> resize_samples(SampleMaker& make, Tensor (*resize)(const Tensor& x, const RowsColumns& size)) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, const Shape& x, const RowsColumns& size) {
    samples.push_back({label, {make.distinct(x)}, [=](const Inputs& in) { return resize(in[0], size); }});
  };
  add("smaller", {2, 3, 4, 6}, 2);
  add("windows of different sizes", {1, 2, 7, 5}, {3, 4});
  add("one pixel of it", {2, 2, 3, 4}, 1);
  add("the same size", {1, 1, 3, 2}, {3, 2});
  add("larger", {1, 2, 2, 3}, {5, 4});
  add("one pixel", {1, 1, 1, 1}, 2);
  add("no images", {0, 2, 3, 3}, 2);
  add("no channels", {2, 0, 3, 3}, 2);
  return samples;
}

std::vector<InvalidCall> invalid_sizes(Tensor (*resize)(const Tensor& x, const RowsColumns& size)) {
  return {{"scalar", [=] { resize(scalar(1), 1); }},
          {"1-D", [=] { resize(ones({4}), 2); }},
          {"rank 3",
           [=] {
             resize(ones({3, 4, 4}), 2);
           }},
          {"no rows",
           [=] {
             resize(ones({1, 1, 0, 4}), 2);
           }},
          {"size 0",
           [=] {
             resize(ones({1, 1, 4, 4}), {2, 0});
           }},
          {"a result beyond all memory",
           [=] {
             resize(ones({1, 1, 4, 4}), kHuge / 2);
           }},
          {"i64",
           [=] {
             resize(ones({1, 1, 4, 4}, i64), 2);
           }},
          {"undefined", [=] { resize(Tensor(), 2); }}};
}

template <InterpolateMode mode, bool corners>
Tensor interpolated(const Tensor& x, const RowsColumns& size) {
  return interpolate(x, size, {mode, corners});
}

const OpSpec avg_pool2d_spec = OpSpec::add({
    .name = "avg_pool2d",
    .formula = "y(b, c, i, j) = mean_u,v x(b, c, i stride + u - padding, ..)",
    .samples = avg_pool2d_samples,
    .invalid = {{"scalar", [] { avg_pool2d(scalar(1), 1); }},
                {"1-D", [] { avg_pool2d(ones({4}), 2); }},
                {"rank 3",
                 [] {
                   avg_pool2d(ones({3, 4, 4}), 2);
                 }},
                {"kernel larger than x",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), {5, 1});
                 }},
                {"no rows",
                 [] {
                   avg_pool2d(ones({1, 1, 0, 4}), 2, {.padding = 1});
                 }},
                {"kernel 0",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), {0, 1});
                 }},
                {"stride 0",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), 2, {.stride = {{1, 0}}});
                 }},
                {"negative padding",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), 2, {.padding = {-1, 0}});
                 }},
                {"padding above half of the kernel",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), 3, {.padding = 2});
                 }},
                {"kernel beyond all numbers",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}), kHuge, {.padding = kHuge / 2});
                 }},
                {"i64",
                 [] {
                   avg_pool2d(ones({1, 1, 4, 4}, i64), 2);
                 }},
                {"undefined", [] { avg_pool2d(Tensor(), 2); }}},
});

const OpSpec adaptive_avg_pool2d_spec = OpSpec::add({
    .name = "adaptive_avg_pool2d",
    .formula = "y(b, c, i, j) = mean of x over rows floor(i H / H') to ceil((i + 1) H / H') - 1, ..",
    .samples = [](SampleMaker& make) { return resize_samples(make, adaptive_avg_pool2d); },
    .invalid = invalid_sizes(adaptive_avg_pool2d),
});

const OpSpec adaptive_max_pool2d_spec = OpSpec::add({
    .name = "adaptive_max_pool2d",
    .formula = "y(b, c, i, j) = max of x over rows floor(i H / H') to ceil((i + 1) H / H') - 1, ..",
    .samples = [](SampleMaker& make) { return resize_samples(make, adaptive_max_pool2d); },
    .invalid = invalid_sizes(adaptive_max_pool2d),
});

const OpSpec interpolate_spec = OpSpec::add({
    .name = "interpolate",
    .formula = "y(b, c, i, j) = x(b, c, i H / H', j W / W'), the nearest pixel or a mixture of four",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const auto resize :
               {interpolated<InterpolateMode::nearest, false>, interpolated<InterpolateMode::bilinear, false>,
                interpolated<InterpolateMode::bilinear, true>})
            for (const OpSample& sample : resize_samples(make, resize)) samples.push_back(sample);
          return samples;
        },
    .invalid =
        [] {
          auto calls = invalid_sizes(interpolated<InterpolateMode::bilinear, false>);
          calls.push_back({"corners of the nearest", [] {
                             interpolate(ones({1, 1, 4, 4}), 2, {.align_corners = true});
                           }});
          return calls;
        }(),
});

}  // namespace
}  // namespace fovea
