// The op spec of pixel_crops.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pixel_crops.h>

#include <limits>

namespace fovea {
namespace {

std::vector<OpSample> samples_of(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const std::string& label, const Shape& x, const Tensor& corners, const RowsColumns& size) {
    samples.push_back({label, {make.uniform(x, -1, 1), corners}, [size](const std::vector<Tensor>& in) {
                         return pixel_crops(in[0], in[1], size);
                       }});
  };
  // From wholly above an image to wholly below it.
  const auto corners = [&](const Shape& shape) { return randint(shape, -4, 6, make.generator()); };
  add("images", {2, 3, 4, 5}, corners({2, 6, 2}), {3, 2});
  add("one window an image", {2, 2, 4, 3}, corners({2, 2}), 2);
  add("windows larger than the image", {2, 1, 2, 3}, corners({2, 4, 2}), {5, 7});
  add("the whole image", {2, 2, 3, 4}, zeros({2, 2}, i64), {3, 4});
  add("one pixel", {1, 1, 1, 1}, corners({1, 5, 2}), 2);
  add("windows of one pixel", {1, 2, 3, 3}, corners({1, 8, 2}), 1);
  constexpr int64_t far = std::numeric_limits<int64_t>::max();
  add("as far as numbers go", {1, 1, 2, 2}, tensor<int64_t>({far, 0, 0, -far - 1, -far - 1, far, 1, 1}, {1, 4, 2}), 2);
  add("no images", {0, 2, 3, 3}, zeros({0, 2, 2}, i64), 2);
  add("no channels", {2, 0, 3, 3}, zeros({2, 2, 2}, i64), 2);
  add("no windows", {2, 1, 3, 3}, zeros({2, 0, 2}, i64), 2);
  return samples;
}

const OpSpec pixel_crops_spec = OpSpec::add({
    .name = "pixel_crops",
    .formula = "y(b, k, c, i, j) = x(b, c, row(b, k) + i, column(b, k) + j)",
    .samples = samples_of,
    .invalid = {{"scalar",
                 [] {
                   pixel_crops(scalar(1), zeros({1, 2}, i64), 1);
                 }},
                {"1-D",
                 [] {
                   pixel_crops(ones({4}), zeros({1, 2}, i64), 1);
                 }},
                {"corners of three numbers",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}), zeros({1, 3}, i64), 1);
                 }},
                {"corners of rank 4",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}), zeros({1, 1, 1, 2}, i64), 1);
                 }},
                {"another batch",
                 [] {
                   pixel_crops(ones({2, 1, 4, 4}), zeros({3, 2}, i64), 1);
                 }},
                {"floating corners",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}), zeros({1, 2}), 1);
                 }},
                {"no rows",
                 [] {
                   pixel_crops(ones({1, 1, 0, 4}), zeros({1, 2}, i64), 1);
                 }},
                {"a window without a pixel",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}), zeros({1, 2}, i64), {2, 0});
                 }},
                {"windows beyond all numbers",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}), zeros({1, 2}, i64), std::numeric_limits<int64_t>::max());
                 }},
                {"i64",
                 [] {
                   pixel_crops(ones({1, 1, 4, 4}, i64), zeros({1, 2}, i64), 1);
                 }},
                {"undefined", [] { pixel_crops(Tensor(), Tensor(), 1); }}},
    .also_records = {"pixel_crops_spread"},
});

}  // namespace
}  // namespace fovea
