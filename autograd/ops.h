// The table of ops: each is listed here, once. Names and semantics follow PyTorch. Elementwise ops broadcast. Inputs of
// one op have one floating type (DTypeError). Masks are bool, true = keep / may be attended. `dims` empty means all
// dimensions. A scalar argument takes the tensor's type, which must be able to hold it (ValueError: 0.5 in i64).
//
// `./dev ops` reads the table and writes what follows from it: Tensor's methods (core/tensor_methods.h), the operators
// (autograd/operators.h), docs/ops.md, ops.json for bindings, and the list that the tests walk. So it keeps to a form:
//   // ---- group: what holds for all of it ----      "(functions)" behind the name: none of them becomes a method
//   Tensor name(const Tensor& x, ...);  // one line on it, here or above; an overload after it needs none
#pragma once

#include <fovea/core/creation.h>
#include <fovea/core/tensor.h>

#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

enum class Reduction { none, sum, mean };
struct CrossEntropyOptions {
  int64_t ignore_index = -100;
  double label_smoothing = 0;
  Reduction reduction = Reduction::mean;
};

// ---- binary ----
Tensor add(const Tensor& a, const Tensor& b);  // i64 too, which wraps around
Tensor add(const Tensor& a, double b);
Tensor sub(const Tensor& a, const Tensor& b);  // i64 too
Tensor sub(const Tensor& a, double b);
Tensor sub(double a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);  // i64 too
Tensor mul(const Tensor& a, double b);
Tensor div(const Tensor& a, const Tensor& b);  // of floating types
Tensor div(const Tensor& a, double b);
Tensor div(double a, const Tensor& b);
Tensor pow(const Tensor& base, const Tensor& exponent);  // gradient of the exponent: 0 at base 0, NaN below
Tensor pow(const Tensor& base, double exponent);
Tensor minimum(const Tensor& a, const Tensor& b);       // a tie shares the gradient evenly
Tensor maximum(const Tensor& a, const Tensor& b);       // a tie shares the gradient evenly
Tensor floor_divide(const Tensor& a, const Tensor& b);  // towards minus infinity; no gradient
Tensor remainder(const Tensor& a, const Tensor& b);     // sign of b, as in Python; no gradient

// ---- unary: neg, abs, clamp, sign and what rounds also of i64 ----
Tensor neg(const Tensor& x);                              // each element with the other sign
Tensor exp(const Tensor& x);                              // exponential
Tensor log(const Tensor& x);                              // natural logarithm
Tensor log1p(const Tensor& x);                            // log(1 + x), exact near 0
Tensor expm1(const Tensor& x);                            // exp(x) - 1, exact near 0
Tensor log2(const Tensor& x);                             // logarithm to base 2
Tensor sqrt(const Tensor& x);                             // square root
Tensor rsqrt(const Tensor& x);                            // 1 / sqrt(x)
Tensor reciprocal(const Tensor& x);                       // 1 / x
Tensor tanh(const Tensor& x);                             // hyperbolic tangent
Tensor sigmoid(const Tensor& x);                          // logistic function
Tensor relu(const Tensor& x);                             // gradient 0 at 0
Tensor leaky_relu(const Tensor& x, double slope = 0.01);  // gradient `slope` at 0
Tensor gelu(const Tensor& x);                             // exact, by the normal distribution's Phi
Tensor softplus(const Tensor& x);                         // log(1 + exp(x)) without overflow
Tensor silu(const Tensor& x);                             // x sigmoid(x)
Tensor elu(const Tensor& x, double alpha = 1);            // alpha (exp(x) - 1) below 0
Tensor logsigmoid(const Tensor& x);                       // log(sigmoid(x)) without overflow
Tensor glu(const Tensor& x, int64_t dim = -1);            // half of dim gated by the sigmoid of the other
Tensor abs(const Tensor& x);                              // gradient 0 at 0
Tensor sign(const Tensor& x);                             // -1, 0 or 1; gradient 0
Tensor floor(const Tensor& x);                            // gradient 0
Tensor ceil(const Tensor& x);                             // gradient 0
Tensor round(const Tensor& x);                            // half to even; gradient 0
Tensor sin(const Tensor& x);                              // of radians
Tensor cos(const Tensor& x);                              // of radians
Tensor erf(const Tensor& x);                              // error function
Tensor square(const Tensor& x);                           // x times itself
Tensor clamp(const Tensor& x, double low, double high);   // gradient 1 inside and at the bounds

// ---- compare: bool results, no gradient ----
Tensor eq(const Tensor& a, const Tensor& b);  // elementwise, as all six; equal(a, b) asks for the whole
Tensor eq(const Tensor& a, double b);
Tensor ne(const Tensor& a, const Tensor& b);  // not equal; NaN is not equal to itself
Tensor ne(const Tensor& a, double b);
Tensor lt(const Tensor& a, const Tensor& b);  // less than
Tensor lt(const Tensor& a, double b);
Tensor le(const Tensor& a, const Tensor& b);  // less or equal
Tensor le(const Tensor& a, double b);
Tensor gt(const Tensor& a, const Tensor& b);  // greater than
Tensor gt(const Tensor& a, double b);
Tensor ge(const Tensor& a, const Tensor& b);  // greater or equal
Tensor ge(const Tensor& a, double b);
Tensor logical_and(const Tensor& a, const Tensor& b);  // what is not 0 counts as true
Tensor logical_or(const Tensor& a, const Tensor& b);   // what is not 0 counts as true
Tensor logical_not(const Tensor& a);                   // what is not 0 counts as true
Tensor isfinite(const Tensor& x);                      // true where neither infinite nor NaN
Tensor isnan(const Tensor& x);                         // not a number
Tensor isinf(const Tensor& x);                         // infinite, of either sign
bool all(const Tensor& x);                             // whether all elements are true, or along dims; true of nothing
Tensor all(const Tensor& x, Dims dims, bool keepdim = false);
bool any(const Tensor& x);  // whether one element is true, or along dims; false of nothing
Tensor any(const Tensor& x, Dims dims, bool keepdim = false);
// Same shape and |a - b| <= atol + rtol |b| everywhere; NaN equals nothing.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8);
bool equal(const Tensor& a, const Tensor& b);  // same shape, type and elements, bit by bit: NaN equals NaN

// ---- choose (functions) ----
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);  // a where the condition holds, else b

// ---- reduce: sum, prod, cumsum, cumprod, max, min and median also of i64 ----
Tensor sum(const Tensor& x, Dims dims = {}, bool keepdim = false);   // bool counts, in i64
Tensor prod(const Tensor& x, Dims dims = {}, bool keepdim = false);  // bool counts, in i64; 1 of nothing
Tensor mean(const Tensor& x, Dims dims = {}, bool keepdim = false);  // NaN of nothing
Tensor var(const Tensor& x, Dims dims = {}, bool unbiased = true, bool keepdim = false);  // unbiased: over n - 1
// PyTorch's std, a name that C++ has taken; gradient 0 at 0.
Tensor standard_deviation(const Tensor& x, Dims dims = {}, bool unbiased = true, bool keepdim = false);
Tensor max(const Tensor& x, Dims dims = {}, bool keepdim = false);  // ties share the gradient evenly
Tensor min(const Tensor& x, Dims dims = {}, bool keepdim = false);  // ties share the gradient evenly
// Values, and positions of the first of equals: PyTorch's max(x, dim). The gradient goes to the position.
std::pair<Tensor, Tensor> max_with_indices(const Tensor& x, int64_t dim, bool keepdim = false);
// Values, and positions of the first of equals: PyTorch's min(x, dim). The gradient goes to the position.
std::pair<Tensor, Tensor> min_with_indices(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor median(const Tensor& x);  // the lower of two; equals share the gradient; along dim also the position
std::pair<Tensor, Tensor> median(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor norm(const Tensor& x, Dims dims = {}, bool keepdim = false);  // Euclidean; gradient 0 at 0
Tensor logsumexp(const Tensor& x, Dims dims, bool keepdim = false);  // without overflow
Tensor cumsum(const Tensor& x, int64_t dim);                         // sums so far along dim
Tensor cumprod(const Tensor& x, int64_t dim);                        // products so far along dim
Tensor argmax(const Tensor& x, int64_t dim, bool keepdim = false);   // i64, the first of equals; no gradient
Tensor argmax(const Tensor& x);                                      // position among all elements in order
Tensor argmin(const Tensor& x, int64_t dim, bool keepdim = false);   // i64, the first of equals; no gradient
Tensor argmin(const Tensor& x);                                      // position among all elements in order
Tensor sum_to(const Tensor& x, const Shape& shape);                  // undoes a broadcast from `shape`

// ---- matmul ----
// Products of the last two dimensions, the others broadcast; rank 1 on either side as in PyTorch.
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor outer(const Tensor& a, const Tensor& b);  // of two vectors

// ---- einsum (functions) ----
// Sums of products by the letters of an equation, "bij,bjk->bik"; "..." and implicit outputs as in PyTorch.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands);

// ---- softmax: over dim; with a mask (broadcast to x) masked entries are 0, a fully masked row is all 0 ----
Tensor softmax(const Tensor& x, int64_t dim, const Tensor& mask = Tensor());      // weights that sum to 1
Tensor log_softmax(const Tensor& x, int64_t dim, const Tensor& mask = Tensor());  // masked entries are -inf

// ---- shape: views where strides allow ----
Tensor reshape(const Tensor& x, const Shape& shape);                    // one size may be -1: what is left
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);  // dimensions first to last as one
Tensor permute(const Tensor& x, const Shape& order);                    // dimension order[d] at place d
Tensor transpose(const Tensor& x, int64_t a, int64_t b);                // two dimensions change places
Tensor t(const Tensor& x);                                              // of a matrix; rank 0 and 1 stay as they are
Tensor tril(const Tensor& x, int64_t diagonal = 0);                     // matrices with 0 above the diagonal
Tensor triu(const Tensor& x, int64_t diagonal = 0);                     // matrices with 0 below the diagonal
// Every step-th from begin to before end along dim; negative bounds count from the back, those beyond are cut.
Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end = std::numeric_limits<int64_t>::max(),
             int64_t step = 1);
Tensor select(const Tensor& x, int64_t dim, int64_t index);  // one position; the dimension goes
Tensor expand(const Tensor& x, const Shape& shape);          // repeats sizes of 1; -1 keeps a size
Tensor repeat(const Tensor& x, const Shape& repeats);        // tiled so often along each dimension
// Each position of dim so often, or as often as i64 [n] says; without dim, of all elements in order.
Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> dim = {});
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> dim = {});
Tensor squeeze(const Tensor& x, std::optional<int64_t> dim = {});         // without a dimension of size 1, or all
Tensor unsqueeze(const Tensor& x, int64_t dim);                           // with a new dimension of size 1 at dim
Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step);  // windows of dim, as a new last one
Tensor contiguous(const Tensor& x);                                       // x itself if it lies in row-major order
Tensor clone(const Tensor& x);                                            // a copy in memory of its own
Tensor to(const Tensor& x, DType dtype);                                  // in another element type

// ---- join ----
Tensor cat(std::span<const Tensor> list, int64_t dim);  // one behind the other along dim
Tensor cat(std::initializer_list<Tensor> list, int64_t dim);
Tensor stack(std::span<const Tensor> list, int64_t dim);  // side by side along a new dim
Tensor stack(std::initializer_list<Tensor> list, int64_t dim);
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t dim);  // parts of these sizes
std::vector<Tensor> chunk(const Tensor& x, int64_t count, int64_t dim);  // `count` equal parts, the last may be short
std::vector<Tensor> unbind(const Tensor& x, int64_t dim);                // all positions of dim, each without it
// The coordinates of a grid, one tensor for each vector; "xy" instead of "ij" swaps the first two dimensions.
std::vector<Tensor> meshgrid(std::span<const Tensor> list, std::string_view indexing = "ij");
std::vector<Tensor> meshgrid(std::initializer_list<Tensor> list, std::string_view indexing = "ij");
// With `value` around it: (before, after) of the last dimension, then of the one before it, and so on.
Tensor pad(const Tensor& x, const std::vector<int64_t>& padding, double value = 0);
Tensor roll(const Tensor& x, int64_t shift, int64_t dim);  // moved on by shift, around the end
Tensor flip(const Tensor& x, int64_t dim);                 // in the other direction

// ---- index: ids are i64; IndexError outside their range ----
Tensor gather(const Tensor& x, int64_t dim, const Tensor& index);  // along dim, one element for each of index
// Writes each element of source into x where gather would read it; of equal positions the last stays.
Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, double value);
// Adds each element of source to x where gather would read it.
Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index);  // whole slices of dim
// Adds alpha times each slice of source to x where index_select would read it.
Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1);
// A copy of x in which the slice is source.
Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t dim, int64_t begin,
                     int64_t end = std::numeric_limits<int64_t>::max(), int64_t step = 1);
Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t dim, int64_t index);  // x with source at index
Tensor masked_select(const Tensor& x, const Tensor& mask);              // [n], the elements where mask is true
Tensor nonzero(const Tensor& x);                                        // i64 [n, rank], where x is not 0
Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);  // value where mask is true
std::pair<Tensor, Tensor> sort(const Tensor& x, int64_t dim, bool descending = false);  // values, positions; stable
Tensor argsort(const Tensor& x, int64_t dim, bool descending = false);                  // positions; stable
std::pair<Tensor, Tensor> topk(const Tensor& x, int64_t k, int64_t dim);  // values, positions; largest first

// ---- layers (functions) ----
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = Tensor());  // weight [out, in], bias [out]
Tensor embedding(const Tensor& table, const Tensor& ids, int64_t padding_id = -1);    // padding row: no gradient
// Over the last dimension.
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps = 1e-5);
// Over the last dimension; weight [D] or undefined, eps as in PyTorch: what the type can tell from 1.
Tensor rms_norm(const Tensor& x, const Tensor& weight = Tensor(), std::optional<double> eps = {});
// x [N, C, ...] over each group of channels; weight, bias [C] or undefined.
Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight = Tensor(), const Tensor& bias = Tensor(),
                  double eps = 1e-5);
Tensor dropout(const Tensor& x, double probability, Generator& generator);  // what stays is scaled by 1 / (1 - p)
// x / |x| along dim, for any length that is not 0; 0 and its gradient are 0. With eps PyTorch's x / max(|x|, eps).
Tensor normalize(const Tensor& x, int64_t dim, std::optional<double> eps = {});
// a.b / (|a| |b|) along dim, for any lengths; 0 where one is 0. With eps PyTorch's a.b / (max(|a|, eps) max(|b|, eps)).
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int64_t dim, std::optional<double> eps = {});
// w [..., N], s [..., 2S+1] for shifts -S to S (NTM, equation 8).
Tensor circular_convolution(const Tensor& w, const Tensor& s);

// ---- loss (functions): `mean` over what counts; 0 when nothing counts ----
// logits [..., C]; target ids i64 [...] or probabilities [..., C].
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options = {});
// The same, from log-probabilities [..., C].
Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, const CrossEntropyOptions& options = {});
// Targets in [0, 1], logits of the same shape.
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        Reduction reduction = Reduction::mean);
// Of probabilities, whose logarithms count as -100 at least; targets in [0, 1].
Tensor binary_cross_entropy(const Tensor& probabilities, const Tensor& target, Reduction reduction = Reduction::mean);
// Of log-probabilities from target probabilities, or their logarithms.
Tensor kl_div(const Tensor& log_probabilities, const Tensor& target, Reduction reduction = Reduction::mean,
              bool log_target = false);
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);   // absolute error
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean);  // squared error
// Squared error below delta, absolute error above.
Tensor huber_loss(const Tensor& x, const Tensor& target, double delta = 1, Reduction reduction = Reduction::mean);

}  // namespace fovea

#include <fovea/autograd/operators.h>
