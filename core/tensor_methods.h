// The ops as methods of their first argument: x.sum(-1) is sum(x, -1). What each does is said in autograd/ops.h and on
// docs/ops.md; the definitions are in autograd/methods.cpp.
// Written by ./dev ops from autograd/ops.h; edit that.
#pragma once

#include <fovea/core/dtype.h>
#include <fovea/core/shape.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace fovea {

class Tensor;

class TensorMethods {
 public:
  // ---- binary ----
  Tensor add(const Tensor& b) const;
  Tensor add(double b) const;
  Tensor sub(const Tensor& b) const;
  Tensor sub(double b) const;
  Tensor mul(const Tensor& b) const;
  Tensor mul(double b) const;
  Tensor div(const Tensor& b) const;
  Tensor div(double b) const;
  Tensor pow(const Tensor& exponent) const;
  Tensor pow(double exponent) const;
  Tensor minimum(const Tensor& b) const;
  Tensor maximum(const Tensor& b) const;
  Tensor floor_divide(const Tensor& b) const;
  Tensor remainder(const Tensor& b) const;

  // ---- unary ----
  Tensor neg() const;
  Tensor exp() const;
  Tensor log() const;
  Tensor log1p() const;
  Tensor expm1() const;
  Tensor log2() const;
  Tensor sqrt() const;
  Tensor rsqrt() const;
  Tensor reciprocal() const;
  Tensor tanh() const;
  Tensor sigmoid() const;
  Tensor relu() const;
  Tensor leaky_relu(double slope = 0.01) const;
  Tensor gelu() const;
  Tensor softplus() const;
  Tensor silu() const;
  Tensor elu(double alpha = 1) const;
  Tensor logsigmoid() const;
  Tensor glu(int64_t dim = -1) const;
  Tensor abs() const;
  Tensor sign() const;
  Tensor floor() const;
  Tensor ceil() const;
  Tensor round() const;
  Tensor sin() const;
  Tensor cos() const;
  Tensor erf() const;
  Tensor square() const;
  Tensor clamp(double low, double high) const;

  // ---- compare ----
  Tensor eq(const Tensor& b) const;
  Tensor eq(double b) const;
  Tensor ne(const Tensor& b) const;
  Tensor ne(double b) const;
  Tensor lt(const Tensor& b) const;
  Tensor lt(double b) const;
  Tensor le(const Tensor& b) const;
  Tensor le(double b) const;
  Tensor gt(const Tensor& b) const;
  Tensor gt(double b) const;
  Tensor ge(const Tensor& b) const;
  Tensor ge(double b) const;
  Tensor logical_and(const Tensor& b) const;
  Tensor logical_or(const Tensor& b) const;
  Tensor logical_not() const;
  Tensor isfinite() const;
  Tensor isnan() const;
  Tensor isinf() const;
  bool all() const;
  Tensor all(Dims dims, bool keepdim = false) const;
  bool any() const;
  Tensor any(Dims dims, bool keepdim = false) const;
  bool allclose(const Tensor& b, double rtol = 1e-5, double atol = 1e-8) const;
  bool equal(const Tensor& b) const;

  // ---- reduce ----
  Tensor sum(Dims dims = {}, bool keepdim = false) const;
  Tensor prod(Dims dims = {}, bool keepdim = false) const;
  Tensor mean(Dims dims = {}, bool keepdim = false) const;
  Tensor var(Dims dims = {}, bool unbiased = true, bool keepdim = false) const;
  Tensor standard_deviation(Dims dims = {}, bool unbiased = true, bool keepdim = false) const;
  Tensor max(Dims dims = {}, bool keepdim = false) const;
  Tensor min(Dims dims = {}, bool keepdim = false) const;
  std::pair<Tensor, Tensor> max_with_indices(int64_t dim, bool keepdim = false) const;
  std::pair<Tensor, Tensor> min_with_indices(int64_t dim, bool keepdim = false) const;
  Tensor median() const;
  std::pair<Tensor, Tensor> median(int64_t dim, bool keepdim = false) const;
  Tensor norm(Dims dims = {}, bool keepdim = false) const;
  Tensor logsumexp(Dims dims, bool keepdim = false) const;
  Tensor cumsum(int64_t dim) const;
  Tensor cumprod(int64_t dim) const;
  Tensor argmax(int64_t dim, bool keepdim = false) const;
  Tensor argmax() const;
  Tensor argmin(int64_t dim, bool keepdim = false) const;
  Tensor argmin() const;
  Tensor sum_to(const Shape& shape) const;

  // ---- matmul ----
  Tensor matmul(const Tensor& b) const;
  Tensor outer(const Tensor& b) const;

  // ---- softmax ----
  Tensor softmax(int64_t dim) const;
  Tensor softmax(int64_t dim, const Tensor& mask) const;
  Tensor log_softmax(int64_t dim) const;
  Tensor log_softmax(int64_t dim, const Tensor& mask) const;

  // ---- shape ----
  Tensor reshape(const Shape& shape) const;
  Tensor flatten(int64_t first = 0, int64_t last = -1) const;
  Tensor permute(const Shape& order) const;
  Tensor transpose(int64_t a, int64_t b) const;
  Tensor t() const;
  Tensor tril(int64_t diagonal = 0) const;
  Tensor triu(int64_t diagonal = 0) const;
  Tensor slice(int64_t dim, int64_t begin, int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1) const;
  Tensor select(int64_t dim, int64_t index) const;
  Tensor expand(const Shape& shape) const;
  Tensor repeat(const Shape& repeats) const;
  Tensor repeat_interleave(int64_t repeats, std::optional<int64_t> dim = {}) const;
  Tensor repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim = {}) const;
  Tensor squeeze(std::optional<int64_t> dim = {}) const;
  Tensor unsqueeze(int64_t dim) const;
  Tensor unfold(int64_t dim, int64_t size, int64_t step) const;
  Tensor contiguous() const;
  Tensor clone() const;
  Tensor to(DType dtype) const;

  // ---- join ----
  std::vector<Tensor> split(const std::vector<int64_t>& sizes, int64_t dim) const;
  std::vector<Tensor> chunk(int64_t count, int64_t dim) const;
  std::vector<Tensor> unbind(int64_t dim) const;
  Tensor pad(const std::vector<int64_t>& padding, double value = 0) const;
  Tensor roll(int64_t shift, int64_t dim) const;
  Tensor flip(int64_t dim) const;

  // ---- index ----
  Tensor gather(int64_t dim, const Tensor& index) const;
  Tensor scatter(int64_t dim, const Tensor& index, const Tensor& source) const;
  Tensor scatter(int64_t dim, const Tensor& index, double value) const;
  Tensor scatter_add(int64_t dim, const Tensor& index, const Tensor& source) const;
  Tensor index_select(int64_t dim, const Tensor& index) const;
  Tensor index_add(int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1) const;
  Tensor slice_scatter(const Tensor& source, int64_t dim, int64_t begin,
                       int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1) const;
  Tensor select_scatter(const Tensor& source, int64_t dim, int64_t index) const;
  Tensor masked_select(const Tensor& mask) const;
  Tensor nonzero() const;
  Tensor masked_fill(const Tensor& mask, double value) const;
  std::pair<Tensor, Tensor> sort(int64_t dim, bool descending = false) const;
  Tensor argsort(int64_t dim, bool descending = false) const;
  std::pair<Tensor, Tensor> topk(int64_t k, int64_t dim) const;
};

}  // namespace fovea
