#include "workloads.h"

namespace fovea::bench {
namespace {

Tensor small_chain(const Tensor& x, const Tensor& w, const Tensor& b) {
  Tensor y = x;
  for (int i = 0; i < 25; ++i) y = sigmoid(tanh(y * w + b));
  return y;
}

Build square_matmul(int64_t n) {
  return [n] {
    const Tensor a = randn({n, n}), b = randn({n, n});
    return forward_only([=] { matmul(a, b); });
  };
}

template <class Op>
Build unary(const Shape& shape, Op op) {
  return [=] {
    const Tensor x = randn(shape);
    return forward_only([=] { op(x); });
  };
}

Step add_rows(const Shape& shape, const Shape& other) {
  const Tensor a = randn(shape), b = randn(other);
  return forward_only([=] { add(a, b); });
}

Step chain() {
  const Tensor x = leaf({1024, 1024}), a = leaf({1024, 1024}), b = leaf({1024, 1024});
  const auto forward = [=] {
    Tensor y = x;
    for (int i = 0; i < 4; ++i) y = y * a + b;
    return y;
  };
  return forward_backward(forward, {x, a, b});
}

Step layer_norm_rows() {
  const Tensor x = leaf({4096, 512});
  const Tensor weight = ones({512}).requires_grad_(), bias = zeros({512}).requires_grad_();
  return forward_backward([=] { return layer_norm(x, weight, bias); }, {x, weight, bias});
}

Step matmul_both() {
  const Tensor a = leaf({256, 256}), b = leaf({256, 256});
  return forward_backward([=] { return matmul(a, b); }, {a, b});
}

Step embed() {
  const Tensor table = leaf({10000, 256});
  const Tensor ids = randint({32, 64}, 0, 10000, default_generator());
  return forward_backward([=] { return embedding(table, ids); }, {table});
}

Step classify() {
  const Tensor logits = leaf({2048, 10000});
  const Tensor target = randint({2048}, 0, 10000, default_generator());
  return forward_backward([=] { return cross_entropy(logits, target); }, {logits});
}

Step convolve(const Tensor& x, const Conv2dOptions& options) {
  const auto layer = std::make_shared<Conv2d>(options);
  std::vector<Tensor> leaves = parameters(*layer);
  if (x.requires_grad()) leaves.push_back(x);
  return forward_backward([=] { return (*layer)(x); }, leaves);
}

// Places of images that are turned and moved a little; a gradient to the images too, or to the grid alone.
Step sample_grid(const Shape& shape, bool to_images) {
  const int64_t B = shape[0];
  const Tensor theta = tensor({1.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f}) + 0.1 * randn({B, 6});
  const Tensor grid = affine_grid(reshape(theta, {B, 2, 3}), shape).requires_grad_();
  const Tensor x = to_images ? leaf(shape) : randn(shape);
  return forward_backward([=] { return grid_sample(x, grid); }, to_images ? std::vector{x, grid} : std::vector{grid});
}

Step normalize_batch() {
  const Tensor x = leaf({64, 32, 28, 28});
  const auto layer = std::make_shared<BatchNorm2d>(BatchNormLayerOptions{.channels = 32});
  return forward_backward([=] { return (*layer)(x); }, {x, layer->weight, layer->bias});
}

Step adam_step() {
  Tensor weight = leaf({1 << 20});
  weight.set_grad(randn({1 << 20}));
  const auto optimizer = std::make_shared<Adam>(std::vector<Tensor>{weight}, AdamOptions{.lr = 1e-3});
  return [optimizer] { optimizer->step(); };
}

}  // namespace

std::vector<Workload> op_workloads() {
  return {
      {"add_1k", [] { return add_rows({1024}, {1024}); }},
      {"add_bcast_1m",
       [] {
         return add_rows({1024, 1024}, {1024});
       }},
      {"mul_add_chain_1m_fwdbwd", chain},
      {"tanh_1m", unary({1 << 20}, [](const Tensor& x) { return tanh(x); })},
      {"exp_1m", unary({1 << 20}, [](const Tensor& x) { return exp(x); })},
      {"sum_1m", unary({1 << 20}, [](const Tensor& x) { return sum(x); })},
      {"softmax_4096x512", unary({4096, 512}, [](const Tensor& x) { return softmax(x, -1); })},
      {"softmax_4096x512_fwdbwd",
       [] {
         const Tensor x = leaf({4096, 512});
         return forward_backward([=] { return softmax(x, -1); }, {x});
       }},
      {"layernorm_4096x512_fwdbwd", layer_norm_rows},
      {"matmul_64", square_matmul(64)},
      {"matmul_256", square_matmul(256)},
      {"matmul_1024", square_matmul(1024)},
      {"matmul_256_fwdbwd", matmul_both},
      {"bmm_64x64x64x64",
       [] {
         const Tensor a = randn({64, 64, 64}), b = randn({64, 64, 64});
         return forward_only([=] { matmul(a, b); });
       }},
      {"small_graph_100ops_nograd",
       [] {
         const Tensor x = randn({16}), w = randn({16}), b = randn({16});
         return forward_only([=] { small_chain(x, w, b); });
       }},
      {"small_graph_100ops_fwdbwd",
       [] {
         const Tensor x = leaf({16}), w = leaf({16}), b = leaf({16});
         return forward_backward([=] { return small_chain(x, w, b); }, {x, w, b});
       }},
      {"embedding_fwdbwd", embed},
      {"cross_entropy_2048x10k_fwdbwd", classify},
      {"conv2d_32x1x28x28_16x5x5_fwdbwd",
       [] {
         return convolve(randn({32, 1, 28, 28}), {.in_channels = 1, .out_channels = 16, .kernel = 5});
       }},
      {"conv2d_32x32x14x14_64x3x3_fwdbwd",
       [] {
         return convolve(leaf({32, 32, 14, 14}), {.in_channels = 32, .out_channels = 64, .kernel = 3, .padding = 1});
       }},
      {"grid_sample_64x32x28x28_fwdbwd",
       [] {
         return sample_grid({64, 32, 28, 28}, true);
       }},
      {"grid_sample_256x1x42x42_fwdbwd",
       [] {
         return sample_grid({256, 1, 42, 42}, false);
       }},
      {"batchnorm_64x32x28x28_fwdbwd", normalize_batch},
      {"adam_1m", adam_step},
  };
}

}  // namespace fovea::bench
