// The methods of core/tensor_methods.h: each calls its op.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

const Tensor& self(const TensorMethods* x) { return static_cast<const Tensor&>(*x); }

}  // namespace

Tensor TensorMethods::add(const Tensor& b) const { return fovea::add(self(this), b); }
Tensor TensorMethods::add(double b) const { return fovea::add(self(this), b); }
Tensor TensorMethods::sub(const Tensor& b) const { return fovea::sub(self(this), b); }
Tensor TensorMethods::sub(double b) const { return fovea::sub(self(this), b); }
Tensor TensorMethods::mul(const Tensor& b) const { return fovea::mul(self(this), b); }
Tensor TensorMethods::mul(double b) const { return fovea::mul(self(this), b); }
Tensor TensorMethods::div(const Tensor& b) const { return fovea::div(self(this), b); }
Tensor TensorMethods::div(double b) const { return fovea::div(self(this), b); }
Tensor TensorMethods::pow(const Tensor& exponent) const { return fovea::pow(self(this), exponent); }
Tensor TensorMethods::pow(double exponent) const { return fovea::pow(self(this), exponent); }
Tensor TensorMethods::minimum(const Tensor& b) const { return fovea::minimum(self(this), b); }
Tensor TensorMethods::maximum(const Tensor& b) const { return fovea::maximum(self(this), b); }
Tensor TensorMethods::floor_divide(const Tensor& b) const { return fovea::floor_divide(self(this), b); }
Tensor TensorMethods::remainder(const Tensor& b) const { return fovea::remainder(self(this), b); }
Tensor TensorMethods::neg() const { return fovea::neg(self(this)); }
Tensor TensorMethods::exp() const { return fovea::exp(self(this)); }
Tensor TensorMethods::log() const { return fovea::log(self(this)); }
Tensor TensorMethods::log1p() const { return fovea::log1p(self(this)); }
Tensor TensorMethods::expm1() const { return fovea::expm1(self(this)); }
Tensor TensorMethods::log2() const { return fovea::log2(self(this)); }
Tensor TensorMethods::sqrt() const { return fovea::sqrt(self(this)); }
Tensor TensorMethods::rsqrt() const { return fovea::rsqrt(self(this)); }
Tensor TensorMethods::reciprocal() const { return fovea::reciprocal(self(this)); }
Tensor TensorMethods::tanh() const { return fovea::tanh(self(this)); }
Tensor TensorMethods::sigmoid() const { return fovea::sigmoid(self(this)); }
Tensor TensorMethods::relu() const { return fovea::relu(self(this)); }
Tensor TensorMethods::leaky_relu(double slope) const { return fovea::leaky_relu(self(this), slope); }
Tensor TensorMethods::gelu() const { return fovea::gelu(self(this)); }
Tensor TensorMethods::softplus() const { return fovea::softplus(self(this)); }
Tensor TensorMethods::silu() const { return fovea::silu(self(this)); }
Tensor TensorMethods::elu(double alpha) const { return fovea::elu(self(this), alpha); }
Tensor TensorMethods::logsigmoid() const { return fovea::logsigmoid(self(this)); }
Tensor TensorMethods::glu(int64_t dim) const { return fovea::glu(self(this), dim); }
Tensor TensorMethods::abs() const { return fovea::abs(self(this)); }
Tensor TensorMethods::sign() const { return fovea::sign(self(this)); }
Tensor TensorMethods::floor() const { return fovea::floor(self(this)); }
Tensor TensorMethods::ceil() const { return fovea::ceil(self(this)); }
Tensor TensorMethods::round() const { return fovea::round(self(this)); }
Tensor TensorMethods::sin() const { return fovea::sin(self(this)); }
Tensor TensorMethods::cos() const { return fovea::cos(self(this)); }
Tensor TensorMethods::erf() const { return fovea::erf(self(this)); }
Tensor TensorMethods::square() const { return fovea::square(self(this)); }
Tensor TensorMethods::clamp(double low, double high) const { return fovea::clamp(self(this), low, high); }
Tensor TensorMethods::eq(const Tensor& b) const { return fovea::eq(self(this), b); }
Tensor TensorMethods::eq(double b) const { return fovea::eq(self(this), b); }
Tensor TensorMethods::ne(const Tensor& b) const { return fovea::ne(self(this), b); }
Tensor TensorMethods::ne(double b) const { return fovea::ne(self(this), b); }
Tensor TensorMethods::lt(const Tensor& b) const { return fovea::lt(self(this), b); }
Tensor TensorMethods::lt(double b) const { return fovea::lt(self(this), b); }
Tensor TensorMethods::le(const Tensor& b) const { return fovea::le(self(this), b); }
Tensor TensorMethods::le(double b) const { return fovea::le(self(this), b); }
Tensor TensorMethods::gt(const Tensor& b) const { return fovea::gt(self(this), b); }
Tensor TensorMethods::gt(double b) const { return fovea::gt(self(this), b); }
Tensor TensorMethods::ge(const Tensor& b) const { return fovea::ge(self(this), b); }
Tensor TensorMethods::ge(double b) const { return fovea::ge(self(this), b); }
Tensor TensorMethods::logical_and(const Tensor& b) const { return fovea::logical_and(self(this), b); }
Tensor TensorMethods::logical_or(const Tensor& b) const { return fovea::logical_or(self(this), b); }
Tensor TensorMethods::logical_not() const { return fovea::logical_not(self(this)); }
Tensor TensorMethods::isfinite() const { return fovea::isfinite(self(this)); }
Tensor TensorMethods::isnan() const { return fovea::isnan(self(this)); }
Tensor TensorMethods::isinf() const { return fovea::isinf(self(this)); }
bool TensorMethods::all() const { return fovea::all(self(this)); }
Tensor TensorMethods::all(Dims dims, bool keepdim) const { return fovea::all(self(this), dims, keepdim); }
bool TensorMethods::any() const { return fovea::any(self(this)); }
Tensor TensorMethods::any(Dims dims, bool keepdim) const { return fovea::any(self(this), dims, keepdim); }
bool TensorMethods::allclose(const Tensor& b, double rtol, double atol) const {
  return fovea::allclose(self(this), b, rtol, atol);
}
bool TensorMethods::equal(const Tensor& b) const { return fovea::equal(self(this), b); }
Tensor TensorMethods::sum(Dims dims, bool keepdim) const { return fovea::sum(self(this), dims, keepdim); }
Tensor TensorMethods::prod(Dims dims, bool keepdim) const { return fovea::prod(self(this), dims, keepdim); }
Tensor TensorMethods::mean(Dims dims, bool keepdim) const { return fovea::mean(self(this), dims, keepdim); }
Tensor TensorMethods::var(Dims dims, bool unbiased, bool keepdim) const {
  return fovea::var(self(this), dims, unbiased, keepdim);
}
Tensor TensorMethods::standard_deviation(Dims dims, bool unbiased, bool keepdim) const {
  return fovea::standard_deviation(self(this), dims, unbiased, keepdim);
}
Tensor TensorMethods::max(Dims dims, bool keepdim) const { return fovea::max(self(this), dims, keepdim); }
Tensor TensorMethods::min(Dims dims, bool keepdim) const { return fovea::min(self(this), dims, keepdim); }
std::pair<Tensor, Tensor> TensorMethods::max_with_indices(int64_t dim, bool keepdim) const {
  return fovea::max_with_indices(self(this), dim, keepdim);
}
std::pair<Tensor, Tensor> TensorMethods::min_with_indices(int64_t dim, bool keepdim) const {
  return fovea::min_with_indices(self(this), dim, keepdim);
}
Tensor TensorMethods::median() const { return fovea::median(self(this)); }
std::pair<Tensor, Tensor> TensorMethods::median(int64_t dim, bool keepdim) const {
  return fovea::median(self(this), dim, keepdim);
}
Tensor TensorMethods::norm(Dims dims, bool keepdim) const { return fovea::norm(self(this), dims, keepdim); }
Tensor TensorMethods::logsumexp(Dims dims, bool keepdim) const { return fovea::logsumexp(self(this), dims, keepdim); }
Tensor TensorMethods::cumsum(int64_t dim) const { return fovea::cumsum(self(this), dim); }
Tensor TensorMethods::cumprod(int64_t dim) const { return fovea::cumprod(self(this), dim); }
Tensor TensorMethods::argmax(int64_t dim, bool keepdim) const { return fovea::argmax(self(this), dim, keepdim); }
Tensor TensorMethods::argmax() const { return fovea::argmax(self(this)); }
Tensor TensorMethods::argmin(int64_t dim, bool keepdim) const { return fovea::argmin(self(this), dim, keepdim); }
Tensor TensorMethods::argmin() const { return fovea::argmin(self(this)); }
Tensor TensorMethods::sum_to(const Shape& shape) const { return fovea::sum_to(self(this), shape); }
Tensor TensorMethods::matmul(const Tensor& b) const { return fovea::matmul(self(this), b); }
Tensor TensorMethods::outer(const Tensor& b) const { return fovea::outer(self(this), b); }
Tensor TensorMethods::softmax(int64_t dim) const { return fovea::softmax(self(this), dim); }
Tensor TensorMethods::softmax(int64_t dim, const Tensor& mask) const { return fovea::softmax(self(this), dim, mask); }
Tensor TensorMethods::log_softmax(int64_t dim) const { return fovea::log_softmax(self(this), dim); }
Tensor TensorMethods::log_softmax(int64_t dim, const Tensor& mask) const {
  return fovea::log_softmax(self(this), dim, mask);
}
Tensor TensorMethods::reshape(const Shape& shape) const { return fovea::reshape(self(this), shape); }
Tensor TensorMethods::flatten(int64_t first, int64_t last) const { return fovea::flatten(self(this), first, last); }
Tensor TensorMethods::permute(const Shape& order) const { return fovea::permute(self(this), order); }
Tensor TensorMethods::transpose(int64_t a, int64_t b) const { return fovea::transpose(self(this), a, b); }
Tensor TensorMethods::t() const { return fovea::t(self(this)); }
Tensor TensorMethods::tril(int64_t diagonal) const { return fovea::tril(self(this), diagonal); }
Tensor TensorMethods::triu(int64_t diagonal) const { return fovea::triu(self(this), diagonal); }
Tensor TensorMethods::slice(int64_t dim, int64_t begin, int64_t end, int64_t step) const {
  return fovea::slice(self(this), dim, begin, end, step);
}
Tensor TensorMethods::select(int64_t dim, int64_t index) const { return fovea::select(self(this), dim, index); }
Tensor TensorMethods::expand(const Shape& shape) const { return fovea::expand(self(this), shape); }
Tensor TensorMethods::repeat(const Shape& repeats) const { return fovea::repeat(self(this), repeats); }
Tensor TensorMethods::repeat_interleave(int64_t repeats, std::optional<int64_t> dim) const {
  return fovea::repeat_interleave(self(this), repeats, dim);
}
Tensor TensorMethods::repeat_interleave(const Tensor& repeats, std::optional<int64_t> dim) const {
  return fovea::repeat_interleave(self(this), repeats, dim);
}
Tensor TensorMethods::squeeze(std::optional<int64_t> dim) const { return fovea::squeeze(self(this), dim); }
Tensor TensorMethods::unsqueeze(int64_t dim) const { return fovea::unsqueeze(self(this), dim); }
Tensor TensorMethods::unfold(int64_t dim, int64_t size, int64_t step) const {
  return fovea::unfold(self(this), dim, size, step);
}
Tensor TensorMethods::contiguous() const { return fovea::contiguous(self(this)); }
Tensor TensorMethods::clone() const { return fovea::clone(self(this)); }
Tensor TensorMethods::to(DType dtype) const { return fovea::to(self(this), dtype); }
std::vector<Tensor> TensorMethods::split(const std::vector<int64_t>& sizes, int64_t dim) const {
  return fovea::split(self(this), sizes, dim);
}
std::vector<Tensor> TensorMethods::chunk(int64_t count, int64_t dim) const {
  return fovea::chunk(self(this), count, dim);
}
std::vector<Tensor> TensorMethods::unbind(int64_t dim) const { return fovea::unbind(self(this), dim); }
Tensor TensorMethods::pad(const std::vector<int64_t>& padding, double value) const {
  return fovea::pad(self(this), padding, value);
}
Tensor TensorMethods::roll(int64_t shift, int64_t dim) const { return fovea::roll(self(this), shift, dim); }
Tensor TensorMethods::flip(int64_t dim) const { return fovea::flip(self(this), dim); }
Tensor TensorMethods::gather(int64_t dim, const Tensor& index) const { return fovea::gather(self(this), dim, index); }
Tensor TensorMethods::scatter(int64_t dim, const Tensor& index, const Tensor& source) const {
  return fovea::scatter(self(this), dim, index, source);
}
Tensor TensorMethods::scatter(int64_t dim, const Tensor& index, double value) const {
  return fovea::scatter(self(this), dim, index, value);
}
Tensor TensorMethods::scatter_add(int64_t dim, const Tensor& index, const Tensor& source) const {
  return fovea::scatter_add(self(this), dim, index, source);
}
Tensor TensorMethods::index_select(int64_t dim, const Tensor& index) const {
  return fovea::index_select(self(this), dim, index);
}
Tensor TensorMethods::index_add(int64_t dim, const Tensor& index, const Tensor& source, double alpha) const {
  return fovea::index_add(self(this), dim, index, source, alpha);
}
Tensor TensorMethods::slice_scatter(const Tensor& source, int64_t dim, int64_t begin, int64_t end, int64_t step) const {
  return fovea::slice_scatter(self(this), source, dim, begin, end, step);
}
Tensor TensorMethods::select_scatter(const Tensor& source, int64_t dim, int64_t index) const {
  return fovea::select_scatter(self(this), source, dim, index);
}
Tensor TensorMethods::masked_select(const Tensor& mask) const { return fovea::masked_select(self(this), mask); }
Tensor TensorMethods::nonzero() const { return fovea::nonzero(self(this)); }
Tensor TensorMethods::masked_fill(const Tensor& mask, double value) const {
  return fovea::masked_fill(self(this), mask, value);
}
std::pair<Tensor, Tensor> TensorMethods::sort(int64_t dim, bool descending) const {
  return fovea::sort(self(this), dim, descending);
}
Tensor TensorMethods::argsort(int64_t dim, bool descending) const {
  return fovea::argsort(self(this), dim, descending);
}
std::pair<Tensor, Tensor> TensorMethods::topk(int64_t k, int64_t dim) const { return fovea::topk(self(this), k, dim); }

}  // namespace fovea
