// The op specs of grid_sample.cpp.
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <cmath>

namespace fovea {
namespace {

constexpr GridPadding kPaddings[] = {GridPadding::zeros, GridPadding::border, GridPadding::reflection};
constexpr const char* kNames[] = {"zeros", "border", "reflection"};

// Places from well before the image to well behind it. None is near the middle of a pixel, where the gradient jumps,
// nor near its edge, where the nearest pixel changes and a mirror stands, and none is when it is 32 times as far out.
Tensor places(SampleMaker& make, const Shape& x, int64_t rows, int64_t columns, bool align_corners) {
  Tensor grid = empty({x[0], rows, columns, 2}, f64);
  Generator& generator = make.generator();
  const auto drawn = [&](int64_t size) {
    const int64_t cell = generator.randint(-size - 1, 2 * size),
                  part = generator.randint(4, 12) + 16 * generator.randint(0, 2);
    const double at = static_cast<double>(cell) + (static_cast<double>(part) + 0.25) / 32,
                 n = static_cast<double>(size);
    return align_corners ? 2 * at / std::max(1.0, n - 1) - 1 : (2 * at + 1) / n - 1;
  };
  for (int64_t b = 0; b < x[0]; ++b)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) grid.set({b, i, j, 0}, drawn(x[3])), grid.set({b, i, j, 1}, drawn(x[2]));
  return grid;
}

std::vector<OpSample> grid_sample_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const std::string& label, const Shape& x, int64_t rows, int64_t columns) {
    for (const GridMode mode : {GridMode::bilinear, GridMode::nearest})
      for (int padding = 0; padding < 3; ++padding)
        for (const bool align : {false, true}) {
          const GridSampleOptions options{mode, kPaddings[padding], align};
          samples.push_back({label + ", " + (mode == GridMode::nearest ? "nearest, " : "") + kNames[padding] +
                                 (align ? ", corners" : ""),
                             {make.uniform(x, -1, 1), places(make, x, rows, columns, align)},
                             [options](const std::vector<Tensor>& in) { return grid_sample(in[0], in[1], options); }});
        }
  };
  add("images", {2, 3, 4, 5}, 3, 4);
  add("one row", {1, 2, 1, 4}, 2, 3);
  add("one column", {1, 2, 3, 1}, 2, 2);
  add("one pixel", {1, 1, 1, 1}, 2, 2);
  add("one place", {1, 2, 3, 2}, 1, 1);
  add("as many places as pixels", {1, 3, 3, 2}, 3, 3);
  add("no images", {0, 2, 3, 3}, 2, 2);
  add("no channels", {2, 0, 3, 3}, 2, 2);
  add("no places", {1, 2, 3, 3}, 0, 2);
  return samples;
}

std::vector<OpSample> affine_grid_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto add = [&](const char* label, const Shape& size) {
    for (const bool align : {false, true})
      samples.push_back({std::string(label) + (align ? ", corners" : ""),
                         {make.uniform({size[0], 2, 3}, -1, 1)},
                         [=](const std::vector<Tensor>& in) { return affine_grid(in[0], size, align); }});
  };
  add("images", {2, 3, 3, 4});
  add("one row", {3, 1, 1, 5});
  add("one pixel", {1, 1, 1, 1});
  add("no images", {0, 1, 2, 2});
  return samples;
}

const OpSpec grid_sample_spec = OpSpec::add({
    .name = "grid_sample",
    .formula = "y(b, c, i, j) = sum_n,m x(b, c, n, m) max(0, 1 - |p - n|) max(0, 1 - |q - m|)",
    .samples = grid_sample_samples,
    .invalid = {{"scalar", [] { grid_sample(scalar(1), scalar(1)); }},
                {"1-D", [] { grid_sample(ones({4}), ones({2})); }},
                {"an image without its batch",
                 [] {
                   grid_sample(ones({3, 4, 4}), ones({1, 2, 2, 2}));
                 }},
                {"places of three numbers",
                 [] {
                   grid_sample(ones({1, 1, 4, 4}), ones({1, 2, 2, 3}));
                 }},
                {"another batch",
                 [] {
                   grid_sample(ones({2, 1, 4, 4}), ones({3, 2, 2, 2}));
                 }},
                {"no rows",
                 [] {
                   grid_sample(ones({1, 1, 0, 4}), ones({1, 2, 2, 2}));
                 }},
                {"image too large",
                 [] {
                   grid_sample(expand(ones({0, 1, 1, 1}), {0, 1, 1 << 16, 1 << 16}), ones({0, 1, 1, 2}));
                 }},
                {"two dtypes",
                 [] {
                   grid_sample(ones({1, 1, 4, 4}), ones({1, 2, 2, 2}, f64));
                 }},
                {"i64",
                 [] {
                   grid_sample(ones({1, 1, 4, 4}, i64), ones({1, 2, 2, 2}, i64));
                 }},
                {"undefined", [] { grid_sample(Tensor(), Tensor()); }}},
});

const OpSpec affine_grid_spec = OpSpec::add({
    .name = "affine_grid",
    .formula = "grid(b, i, j) = theta(b) [u_j, v_i, 1]",
    .samples = affine_grid_samples,
    .invalid = {{"scalar",
                 [] {
                   affine_grid(scalar(1), {1, 1, 2, 2});
                 }},
                {"1-D",
                 [] {
                   affine_grid(ones({6}), {1, 1, 2, 2});
                 }},
                {"4-D",
                 [] {
                   affine_grid(ones({1, 1, 2, 3}), {1, 1, 2, 2});
                 }},
                {"a matrix of two columns",
                 [] {
                   affine_grid(ones({1, 2, 2}), {1, 1, 2, 2});
                 }},
                {"another batch",
                 [] {
                   affine_grid(ones({1, 2, 3}), {2, 1, 2, 2});
                 }},
                {"a size of three numbers",
                 [] {
                   affine_grid(ones({1, 2, 3}), {1, 2, 2});
                 }},
                {"no rows",
                 [] {
                   affine_grid(ones({1, 2, 3}), {1, 1, 0, 2});
                 }},
                {"i64",
                 [] {
                   affine_grid(ones({1, 2, 3}, i64), {1, 1, 2, 2});
                 }},
                {"undefined",
                 [] {
                   affine_grid(Tensor(), {1, 1, 2, 2});
                 }}},
});

}  // namespace
}  // namespace fovea
