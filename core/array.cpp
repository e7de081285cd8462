#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/elementwise.h>

namespace fovea::array {
namespace {

// Whether strides describe a row-major array without gaps (dimensions of size 1 may have any stride).
bool is_row_major(const Shape& shape, const Shape& strides) {
  int64_t expected = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] == 1) continue;
    if (strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

[[noreturn, gnu::noinline]] void fail_reshape(const Tensor& x, const Shape& shape) {
  throw ShapeError(
      fmt::format("reshape: {} has {} elements; {} needs another number", describe(x), x.numel(), shape.str()));
}

// Replaces a -1 and checks the number of elements.
Shape resolve(const Tensor& x, const Shape& shape) {
  Shape out = shape;
  int unknown = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] != -1) continue;
    if (unknown >= 0)
      throw ShapeError(fmt::format("reshape: {} has more than one -1; give all sizes but one", shape.str()));
    unknown = i;
    out[i] = 1;
  }
  const int64_t known = checked_numel("reshape", out);
  if (unknown >= 0 && known != 0 && x.numel() % known == 0)
    out[unknown] = x.numel() / known;
  else if (unknown >= 0 || known != x.numel())
    fail_reshape(x, shape);
  return out;
}

// Strides under which x's elements in order have the new shape; false if only a copy can do that.
bool view_strides(const Tensor& x, const Shape& shape, Shape& strides) {
  strides = contiguous_strides(shape);
  if (x.is_contiguous() || x.numel() == 0) return true;
  int64_t chunk = 1, base = 1;  // elements of the run of x's dimensions that step evenly, and its innermost stride
  int target = shape.rank() - 1;
  bool first = true;
  for (int d = x.dim() - 1; d >= 0; --d) {
    if (x.shape()[d] == 1) continue;
    if (first) base = x.stride(d);
    first = false;
    chunk *= x.shape()[d];
    int next = d - 1;
    while (next >= 0 && x.shape()[next] == 1) --next;
    if (next >= 0 && x.stride(next) == x.stride(d) * x.shape()[d]) continue;
    int64_t filled = 1;
    while (target >= 0 && (filled < chunk || shape[target] == 1)) {
      strides[target] = base * filled;
      filled *= shape[target--];
    }
    if (filled != chunk) return false;
    chunk = 1;
    first = true;
  }
  return true;
}

}  // namespace

Tensor as_strided(const Tensor& x, const Shape& shape, const Shape& strides, int64_t offset) {
  const detail::TensorImpl& source = *x.impl();
  auto view = detail::Ref<detail::TensorImpl>::adopt(new detail::TensorImpl(
      source.storage, source.data + offset * item_size(source.dtype), shape, shape.numel(), source.dtype));
  view->contiguous = is_row_major(shape, strides);
  if (!view->contiguous) std::copy_n(strides.begin(), strides.rank(), view->strides);
  return Tensor(std::move(view));
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  const Shape wanted = resolve(x, shape);
  Shape strides;
  if (view_strides(x, wanted, strides)) return as_strided(x, wanted, strides);
  return as_strided(array::clone(x), wanted, contiguous_strides(wanted));
}

Tensor permute(const Tensor& x, const Shape& order) {
  if (order.rank() != x.dim())
    throw ShapeError(fmt::format("permute: order {} for {}; need every dimension once", order.str(), describe(x)));
  Shape shape = x.shape(), strides = x.strides();
  unsigned seen = 0;
  for (int i = 0; i < order.rank(); ++i) {
    const int d = normalize_dim("permute", order[i], x.dim());
    if ((seen >> d) & 1u)
      throw ShapeError(fmt::format("permute: order {} for {}; need every dimension once", order.str(), describe(x)));
    seen |= 1u << d;
    shape[i] = x.shape()[d];
    strides[i] = x.stride(d);
  }
  return as_strided(x, shape, strides);
}

Tensor transpose(const Tensor& x, int64_t a, int64_t b) {
  const int i = normalize_dim("transpose", a, x.dim()), j = normalize_dim("transpose", b, x.dim());
  Shape shape = x.shape(), strides = x.strides();
  if (x.dim() == 0) return as_strided(x, shape, strides);
  std::swap(shape[i], shape[j]);
  std::swap(strides[i], strides[j]);
  return as_strided(x, shape, strides);
}

Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end, int64_t step) {
  if (x.dim() == 0) throw ShapeError("slice: a tensor of rank 0 has no dimension to slice");
  const int d = normalize_dim("slice", dim, x.dim());
  if (step < 1)
    throw ValueError(fmt::format("slice: step {} along dimension {} of {}; need at least 1", step, d, describe(x)));
  const int64_t n = x.shape()[d];
  const auto clip = [n](int64_t at) {
    if (at < 0) at += n;
    return at < 0 ? 0 : (at > n ? n : at);
  };
  const int64_t first = clip(begin), last = clip(end);
  Shape shape = x.shape(), strides = x.strides();
  shape[d] = last > first ? (last - first - 1) / step + 1 : 0;
  if (shape[d] > 1) strides[d] *= step;  // else it is never stepped, and the product may be beyond i64
  return as_strided(x, shape, strides, shape[d] == 0 ? 0 : first * x.stride(d));
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  if (x.dim() == 0) throw ShapeError("select: a tensor of rank 0 has no dimension to select from");
  const int d = normalize_dim("select", dim, x.dim());
  const int64_t at = index < 0 ? index + x.shape()[d] : index;
  if (at < 0 || at >= x.shape()[d])
    throw IndexError(fmt::format("select: index {} is outside dimension {} of {}", index, d, describe(x)));
  Shape shape = x.shape(), strides = x.strides();
  shape.erase(d);
  strides.erase(d);
  return as_strided(x, shape, strides, at * x.stride(d));
}

Tensor expand(const Tensor& x, const Shape& shape) {
  if (shape == x.shape()) return x;
  const int extra = shape.rank() - x.dim();
  Shape sizes = shape, strides = Shape::filled(shape.rank(), 0);
  bool fits = extra >= 0;
  for (int i = 0; fits && i < shape.rank(); ++i) {
    if (i < extra) {
      fits = shape[i] >= 0;
      continue;
    }
    const int64_t have = x.shape()[i - extra];
    if (shape[i] == -1) sizes[i] = have;
    fits = sizes[i] >= 0 && (have == sizes[i] || have == 1);
    strides[i] = have == sizes[i] ? x.stride(i - extra) : 0;
  }
  if (!fits)
    throw ShapeError(fmt::format("expand: {} to {}; only sizes of 1 can grow, new dimensions come in front",
                                 describe(x), shape.str()));
  checked_numel("expand", sizes);
  return as_strided(x, sizes, strides);
}

Tensor squeeze(const Tensor& x, std::optional<int64_t> dim) {
  Shape shape, strides;
  const int only = dim ? normalize_dim("squeeze", *dim, x.dim()) : -1;
  for (int i = 0; i < x.dim(); ++i) {
    if (x.shape()[i] == 1 && (!dim || i == only)) continue;
    shape.append(x.shape()[i]);
    strides.append(x.stride(i));
  }
  return as_strided(x, shape, strides);
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  const int d = normalize_dim("unsqueeze", dim, x.dim() + 1);
  Shape shape = x.shape(), strides = x.strides();
  shape.insert(d, 1);
  strides.insert(d, d < x.dim() ? x.shape()[d] * x.stride(d) : 1);
  return as_strided(x, shape, strides);
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
  const int d = normalize_dim("unfold", dim, x.dim());
  if (x.dim() == 0 || size < 1 || step < 1 || size > x.shape()[d])
    throw ShapeError(
        fmt::format("unfold: windows of {} every {} along dimension {} of {}; need 1 <= size <= {} and step >= 1", size,
                    step, d, describe(x), x.dim() == 0 ? 0 : x.shape()[d]));
  Shape shape = x.shape(), strides = x.strides();
  shape[d] = (shape[d] - size) / step + 1;
  shape.append(size);
  strides.append(strides[d]);
  if (shape[d] > 1) strides[d] *= step;
  return as_strided(x, shape, strides);
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : array::clone(x); }

Tensor clone(const Tensor& x) {
  Tensor y = empty_like(x);
  copy(y, x);
  return y;
}

Tensor to(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor y = empty(x.shape(), dtype);
  copy(y, x);
  return y;
}

void copy(const Tensor& target, const Tensor& source) {
  const DType to = target.dtype(), from = source.dtype();
  const bool narrows = to == u8 ? from != u8 && from != boolean
                                : (to == i32 && (is_floating(from) || from == i64)) || (to == i64 && is_floating(from));
  if (narrows && !kernels::fits(to, from, {source.shape(), source.strides()}, source.raw()))
    throw ValueError(fmt::format("to: {} holds NaN or numbers beyond {}; clamp or replace them first", describe(source),
                                 name_of(to)));
  kernels::copy(to, from, {target.shape(), target.strides(), source.strides()}, target.raw(), source.raw());
}

}  // namespace fovea::array
