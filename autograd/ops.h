// Every differentiable op, by family: autograd/ops/<family>.cpp, where the gradient stands beside the forward. Names
// and semantics follow PyTorch. Elementwise ops broadcast. Inputs of one op have one floating type (DTypeError). Masks
// are bool, true = keep / may be attended. `dims` empty means all dimensions. A scalar argument takes the tensor's
// type, which must be able to hold it (ValueError: 0.5 in i64).
#pragma once

#include <fovea/core/creation.h>
#include <fovea/core/tensor.h>

#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace fovea {

struct Dims {
  Dims() = default;
  Dims(int64_t dim) : list{dim} {}
  Dims(int dim) : list{dim} {}
  Dims(std::initializer_list<int64_t> dims) : list(dims) {}
  Shape list;  // as given; empty: all
};

// ---- binary ----
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
Tensor pow(const Tensor& base, const Tensor& exponent);  // gradient of the exponent: 0 at base 0, NaN below
Tensor minimum(const Tensor& a, const Tensor& b);        // a tie shares the gradient evenly
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, double b);
Tensor sub(const Tensor& a, double b);
Tensor mul(const Tensor& a, double b);
Tensor div(const Tensor& a, double b);
Tensor pow(const Tensor& base, double exponent);
Tensor floor_divide(const Tensor& a, const Tensor& b);  // towards minus infinity; no gradient
Tensor remainder(const Tensor& a, const Tensor& b);     // sign of b, as in Python; no gradient

// ---- unary: neg, abs and clamp also of i64 ----
Tensor neg(const Tensor& x);
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor leaky_relu(const Tensor& x, double slope = 0.01);  // gradient `slope` at 0
Tensor gelu(const Tensor& x);                             // exact: x Phi(x)
Tensor softplus(const Tensor& x);                         // max(x, 0) + log1p(exp(-|x|))
Tensor abs(const Tensor& x);                              // gradient 0 at 0
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor erf(const Tensor& x);
Tensor square(const Tensor& x);
Tensor clamp(const Tensor& x, double low, double high);  // gradient 1 inside and at the bounds

// ---- compare: bool results, no gradient ----
Tensor eq(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor eq(const Tensor& a, double b);
Tensor ne(const Tensor& a, double b);
Tensor lt(const Tensor& a, double b);
Tensor le(const Tensor& a, double b);
Tensor gt(const Tensor& a, double b);
Tensor ge(const Tensor& a, double b);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& a);
Tensor isfinite(const Tensor& x);
bool all(const Tensor& x);
bool any(const Tensor& x);
// Same shape and |a - b| <= atol + rtol |b| everywhere; NaN equals nothing.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);
// Same shape, type and elements (NaN equals NaN, bit by bit).
bool equal(const Tensor& a, const Tensor& b);

// ---- choose ----
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);  // value where mask is true

// ---- reduce: sum, cumsum, max and min also of i64 ----
Tensor sum(const Tensor& x, Dims dims = {}, bool keepdim = false);
Tensor mean(const Tensor& x, Dims dims = {}, bool keepdim = false);
Tensor var(const Tensor& x, Dims dims = {}, bool unbiased = true, bool keepdim = false);
// PyTorch's std, a name that C++ has taken; gradient 0 at 0.
Tensor standard_deviation(const Tensor& x, Dims dims = {}, bool unbiased = true, bool keepdim = false);
Tensor max(const Tensor& x, Dims dims = {}, bool keepdim = false);  // ties share the gradient evenly
Tensor min(const Tensor& x, Dims dims = {}, bool keepdim = false);
Tensor norm(const Tensor& x, Dims dims = {}, bool keepdim = false);  // Euclidean; gradient 0 at 0
Tensor logsumexp(const Tensor& x, Dims dims, bool keepdim = false);
Tensor cumsum(const Tensor& x, int64_t dim);
Tensor argmax(const Tensor& x, int64_t dim, bool keepdim = false);  // i64, the first of equals; no gradient
Tensor argmin(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor argmax(const Tensor& x);  // position among all elements in order
Tensor argmin(const Tensor& x);
// Sums x down to `shape`, undoing a broadcast.
Tensor sum_to(const Tensor& x, const Shape& shape);

// ---- matmul ----
// [..., m, k] @ [..., k, n] with batch broadcasting; rank 1 on either side as in PyTorch.
Tensor matmul(const Tensor& a, const Tensor& b);
// y = x Wᵀ + b: x [..., in], weight [out, in], bias [out] or undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor());

// ---- softmax: over dim; with a mask (broadcast to x) masked entries are 0, a fully masked row is all 0 ----
Tensor softmax(const Tensor& x, int64_t dim, const Tensor& mask = Tensor());
Tensor log_softmax(const Tensor& x, int64_t dim, const Tensor& mask = Tensor());  // masked entries are -inf

// ---- shape: views where strides allow ----
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);
Tensor permute(const Tensor& x, const Shape& order);
Tensor transpose(const Tensor& x, int64_t a, int64_t b);
Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end = std::numeric_limits<int64_t>::max(),
             int64_t step = 1);
Tensor select(const Tensor& x, int64_t dim, int64_t index);
Tensor expand(const Tensor& x, const Shape& shape);
Tensor squeeze(const Tensor& x, std::optional<int64_t> dim = {});
Tensor unsqueeze(const Tensor& x, int64_t dim);
Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step);
Tensor contiguous(const Tensor& x);
Tensor clone(const Tensor& x);
Tensor to(const Tensor& x, DType dtype);

// ---- join ----
Tensor cat(std::span<const Tensor> list, int64_t dim);
Tensor stack(std::span<const Tensor> list, int64_t dim);
inline Tensor cat(std::initializer_list<Tensor> list, int64_t dim) {
  return cat(std::span<const Tensor>(list.begin(), list.size()), dim);
}
inline Tensor stack(std::initializer_list<Tensor> list, int64_t dim) {
  return stack(std::span<const Tensor>(list.begin(), list.size()), dim);
}
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t dim);
std::vector<Tensor> chunk(const Tensor& x, int64_t count, int64_t dim);
std::vector<Tensor> unbind(const Tensor& x, int64_t dim);
// `padding` as in PyTorch: (before, after) of the last dimension, then of the one before it, ...
Tensor pad(const Tensor& x, const std::vector<int64_t>& padding, double value = 0);
Tensor roll(const Tensor& x, int64_t shift, int64_t dim);
Tensor flip(const Tensor& x, int64_t dim);

// ---- index: ids are i64; IndexError outside their range ----
Tensor gather(const Tensor& x, int64_t dim, const Tensor& index);
Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index);
Tensor embedding(const Tensor& table, const Tensor& ids, int64_t padding_id = -1);  // the padding row gets no gradient
std::pair<Tensor, Tensor> sort(const Tensor& x, int64_t dim, bool descending = false);  // values, positions; stable
Tensor argsort(const Tensor& x, int64_t dim, bool descending = false);
std::pair<Tensor, Tensor> topk(const Tensor& x, int64_t k, int64_t dim);  // largest first

// ---- normalize ----
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  double eps = 1e-5);                                       // over the last dimension
Tensor dropout(const Tensor& x, double probability, Generator& generator);  // scales by 1 / (1 - p)

// ---- similarity ----
// a·b / (max(|a|, eps) max(|b|, eps)) along dim, as in PyTorch.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int64_t dim, double eps = 1e-8);
// y(i) = sum_j w((i - j) mod N) s(j): w [..., N], s [..., 2S+1] for shifts -S..S (NTM, equation 8).
Tensor circular_convolution(const Tensor& w, const Tensor& s);

// ---- loss: `mean` over what counts; 0 when nothing counts ----
enum class Reduction { none, sum, mean };
struct CrossEntropyOptions {
  int64_t ignore_index = -100;
  double label_smoothing = 0;
  Reduction reduction = Reduction::mean;
};
// logits [..., C]; target ids i64 [...] or probabilities [..., C].
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options = {});
Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, const CrossEntropyOptions& options = {});
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        Reduction reduction = Reduction::mean);
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);
Tensor huber_loss(const Tensor& x, const Tensor& target, double delta = 1, Reduction reduction = Reduction::mean);

// ---- operators ----
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
inline Tensor operator+(double a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, double b) { return sub(a, b); }
Tensor operator-(double a, const Tensor& b);
inline Tensor operator*(const Tensor& a, double b) { return mul(a, b); }
inline Tensor operator*(double a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, double b) { return div(a, b); }
Tensor operator/(double a, const Tensor& b);
inline Tensor operator-(const Tensor& a) { return neg(a); }

}  // namespace fovea
