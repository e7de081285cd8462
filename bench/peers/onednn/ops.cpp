#include "onednn.h"

namespace peer {
namespace {

using dnnl::prop_kind;
using tag = memory::format_tag;

// Products of the last two dimensions, plain on all sides.
Sequence product(const memory::dims& a, const memory::dims& b, const memory::dims& y, tag layout) {
  const memory::desc da = plain(a, layout), db = plain(b, layout), dy = plain(y, layout);
  const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(da, db, dy), engine());
  Sequence step;
  step.add(dnnl::matmul(pd), {{DNNL_ARG_SRC, random(da)}, {DNNL_ARG_WEIGHTS, random(db)}, {DNNL_ARG_DST, random(dy)}});
  return step;
}

Step square_matmul(int64_t n) { return product({n, n}, {n, n}, {n, n}, tag::ab); }

// Transposes are layouts.
void add_product(Sequence& step, memory a, memory b, memory y) {
  const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(a.get_desc(), b.get_desc(), y.get_desc()), engine());
  step.add(dnnl::matmul(pd),
           {{DNNL_ARG_SRC, std::move(a)}, {DNNL_ARG_WEIGHTS, std::move(b)}, {DNNL_ARG_DST, std::move(y)}});
}

memory transposed(const memory& x) {
  const memory::dims shape = x.get_desc().dims();
  return memory(plain({shape[1], shape[0]}, tag::ba), engine(), x.get_data_handle());
}

// The memory that a transposed view points to lives as long as the step.
Step matmul_both() {
  const memory::desc square = plain({256, 256}, tag::ab);
  const memory a = random(square), b = random(square), dy = random(square);
  Sequence step;
  add_product(step, a, b, random(square));
  add_product(step, dy, transposed(b), random(square));
  add_product(step, transposed(a), dy, random(square));
  return [step, a, b, dy]() mutable { step(); };
}

Step linear() {
  const memory::dims x{128, 512}, w{512, 512}, bias{512}, y{128, 512};
  const memory::desc dx = plain(x, tag::ab), dw = plain(w, tag::ab), db = plain(bias, tag::a), dy = plain(y, tag::ab);
  using Forward = dnnl::inner_product_forward;
  const Forward::primitive_desc forward(Forward::desc(prop_kind::forward_training, dx, dw, db, dy), engine());
  using Data = dnnl::inner_product_backward_data;
  const Data::primitive_desc data(Data::desc(dx, dw, dy), engine(), forward);
  using Weights = dnnl::inner_product_backward_weights;
  const Weights::primitive_desc weights(Weights::desc(dx, dw, db, dy), engine(), forward);
  const memory mx = random(dx), mw = random(dw), upstream = random(dy);
  Sequence step;
  step.add(Forward(forward),
           {{DNNL_ARG_SRC, mx}, {DNNL_ARG_WEIGHTS, mw}, {DNNL_ARG_BIAS, random(db)}, {DNNL_ARG_DST, random(dy)}});
  step.add(Data(data), {{DNNL_ARG_DIFF_DST, upstream}, {DNNL_ARG_WEIGHTS, mw}, {DNNL_ARG_DIFF_SRC, random(dx)}});
  step.add(Weights(weights), {{DNNL_ARG_SRC, mx},
                              {DNNL_ARG_DIFF_DST, upstream},
                              {DNNL_ARG_DIFF_WEIGHTS, random(dw)},
                              {DNNL_ARG_DIFF_BIAS, random(db)}});
  return step;
}

Step softmax(bool backward) {
  const memory::desc desc = plain({4096, 512}, tag::ab);
  using Forward = dnnl::softmax_forward;
  const Forward::primitive_desc forward(
      Forward::desc(backward ? prop_kind::forward_training : prop_kind::forward_inference, desc, 1), engine());
  const memory y = random(desc);
  Sequence step;
  step.add(Forward(forward), {{DNNL_ARG_SRC, random(desc)}, {DNNL_ARG_DST, y}});
  if (!backward) return step;
  using Backward = dnnl::softmax_backward;
  const Backward::primitive_desc back(Backward::desc(desc, desc, 1), engine(), forward);
  step.add(Backward(back), {{DNNL_ARG_DST, y}, {DNNL_ARG_DIFF_DST, random(desc)}, {DNNL_ARG_DIFF_SRC, random(desc)}});
  return step;
}

Step layer_norm() {
  const memory::desc desc = plain({4096, 512}, tag::ab), row = plain({512}, tag::a);
  const auto flags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
  using Forward = dnnl::layer_normalization_forward;
  const Forward::primitive_desc forward(Forward::desc(prop_kind::forward_training, desc, 1e-5f, flags), engine());
  using Backward = dnnl::layer_normalization_backward;
  const Backward::primitive_desc back(Backward::desc(prop_kind::backward, desc, desc, 1e-5f, flags), engine(), forward);
  const memory x = random(desc), scale = random(row), shift = random(row), mean = random(forward.mean_desc()),
               variance = random(forward.variance_desc());
  Sequence step;
  step.add(Forward(forward), {{DNNL_ARG_SRC, x},
                              {DNNL_ARG_SCALE, scale},
                              {DNNL_ARG_SHIFT, shift},
                              {DNNL_ARG_MEAN, mean},
                              {DNNL_ARG_VARIANCE, variance},
                              {DNNL_ARG_DST, random(desc)}});
  step.add(Backward(back), {{DNNL_ARG_SRC, x},
                            {DNNL_ARG_SCALE, scale},
                            {DNNL_ARG_SHIFT, shift},
                            {DNNL_ARG_MEAN, mean},
                            {DNNL_ARG_VARIANCE, variance},
                            {DNNL_ARG_DIFF_DST, random(desc)},
                            {DNNL_ARG_DIFF_SRC, random(desc)},
                            {DNNL_ARG_DIFF_SCALE, random(row)},
                            {DNNL_ARG_DIFF_SHIFT, random(row)}});
  return step;
}

// Each primitive has its own layouts on all sides: what a training loop pays for reorders between them is not counted.
Step convolve(const memory::dims& x, const memory::dims& w, int64_t padding, bool to_input) {
  const int64_t across = x[3] + 2 * padding - w[3] + 1;
  const memory::dims y{x[0], w[0], across, across}, ones{1, 1}, sides{padding, padding};
  const memory::desc bias = plain({w[0]}, tag::a);
  const auto algorithm = dnnl::algorithm::convolution_direct;
  using Forward = dnnl::convolution_forward;
  const Forward::primitive_desc forward(
      Forward::desc(prop_kind::forward_training, algorithm, any(x), any(w), bias, any(y), ones, sides, sides),
      engine());
  Sequence step;
  step.add(Forward(forward), {{DNNL_ARG_SRC, random(forward.src_desc())},
                              {DNNL_ARG_WEIGHTS, random(forward.weights_desc())},
                              {DNNL_ARG_BIAS, random(bias)},
                              {DNNL_ARG_DST, random(forward.dst_desc())}});
  using Weights = dnnl::convolution_backward_weights;
  const Weights::primitive_desc weights(Weights::desc(algorithm, any(x), any(w), bias, any(y), ones, sides, sides),
                                        engine(), forward);
  step.add(Weights(weights), {{DNNL_ARG_SRC, random(weights.src_desc())},
                              {DNNL_ARG_DIFF_DST, random(weights.diff_dst_desc())},
                              {DNNL_ARG_DIFF_WEIGHTS, random(weights.diff_weights_desc())},
                              {DNNL_ARG_DIFF_BIAS, random(bias)}});
  if (!to_input) return step;
  using Data = dnnl::convolution_backward_data;
  const Data::primitive_desc data(Data::desc(algorithm, any(x), any(w), any(y), ones, sides, sides), engine(), forward);
  step.add(Data(data), {{DNNL_ARG_DIFF_DST, random(data.diff_dst_desc())},
                        {DNNL_ARG_WEIGHTS, random(data.weights_desc())},
                        {DNNL_ARG_DIFF_SRC, random(data.diff_src_desc())}});
  return step;
}

}  // namespace

std::vector<Workload> op_workloads() {
  return {
      {"softmax_4096x512", [] { return softmax(false); }},
      {"softmax_4096x512_fwdbwd", [] { return softmax(true); }},
      {"layernorm_4096x512_fwdbwd", layer_norm},
      {"matmul_64", [] { return square_matmul(64); }},
      {"matmul_256", [] { return square_matmul(256); }},
      {"matmul_1024", [] { return square_matmul(1024); }},
      {"matmul_256_fwdbwd", matmul_both},
      {"bmm_64x64x64x64",
       [] {
         return product({64, 64, 64}, {64, 64, 64}, {64, 64, 64}, tag::abc);
       }},
      {"conv2d_32x1x28x28_16x5x5_fwdbwd",
       [] {
         return convolve({32, 1, 28, 28}, {16, 1, 5, 5}, 0, false);
       }},
      {"conv2d_32x32x14x14_64x3x3_fwdbwd",
       [] {
         return convolve({32, 32, 14, 14}, {64, 32, 3, 3}, 1, true);
       }},
      {"linear_512x512_b128", linear},
  };
}

}  // namespace peer
