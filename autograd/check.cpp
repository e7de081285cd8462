// The checks stay small enough to cost a comparison each; messages are put together out of line.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/core/internal/last_op.h>
#include <fovea/core/kernels/index.h>

namespace fovea::check {
namespace {

[[noreturn, gnu::noinline]] void throw_undefined(std::string_view op) {
  throw ShapeError(
      fmt::format("{}: an input is undefined; give every tensor elements first, with zeros(shape) or the like", op));
}
[[noreturn, gnu::noinline]] void throw_not_floating(std::string_view op, const Tensor& x) {
  throw DTypeError(fmt::format("{}: need f32 or f64, got {}; cast with to(x, f32)", op, describe(x)));
}
[[noreturn, gnu::noinline]] void throw_not_number(std::string_view op, const Tensor& x) {
  throw DTypeError(fmt::format("{}: need f32, f64 or i64, got {}; cast with to(x, f32)", op, describe(x)));
}
[[noreturn, gnu::noinline]] void throw_storage(std::string_view op, const Tensor& x) {
  throw DTypeError(fmt::format("{}: {} only stores; convert with to(x, f32), or to(x, i64) for ids", op, describe(x)));
}
[[noreturn, gnu::noinline]] void throw_two_dtypes(std::string_view op, const Tensor& a, const Tensor& b) {
  throw DTypeError(fmt::format("{}: element types differ: a is {}, b is {}; cast one with to(x, {})", op, describe(a),
                               describe(b), name_of(a.dtype())));
}
[[noreturn, gnu::noinline]] void throw_dtype(std::string_view op, std::string_view what, const Tensor& x,
                                             DType wanted) {
  throw DTypeError(fmt::format("{}: {} must be {}, got {}; cast with to(x, {})", op, what, name_of(wanted), describe(x),
                               name_of(wanted)));
}
[[noreturn, gnu::noinline]] void throw_two_shapes(std::string_view op, const Tensor& a, const Tensor& b) {
  throw ShapeError(fmt::format("{}: shapes differ: a is {}, b is {}; need the same shape (expand one first)", op,
                               describe(a), describe(b)));
}
[[noreturn, gnu::noinline]] void throw_rank(std::string_view op, const Tensor& x, int rank) {
  throw ShapeError(
      fmt::format("{}: {} has rank {}; need at least {} (unsqueeze adds a dimension)", op, describe(x), x.dim(), rank));
}
[[noreturn, gnu::noinline]] void throw_id(std::string_view op, const Tensor& ids, int64_t position, int64_t n) {
  Shape index = ids.shape();
  int64_t rest = position, offset = 0;
  for (int d = ids.dim() - 1; d >= 0; --d) {
    index[d] = rest % ids.shape()[d];
    rest /= ids.shape()[d];
    offset += index[d] * ids.stride(d);
  }
  const int64_t id = kernels::read_i64(ids.raw(), offset);
  throw IndexError(
      fmt::format("{}: id {} at position {} of {} is outside [0, {})", op, id, index.str(), describe(ids), n));
}

}  // namespace

void defined(std::string_view op, const Tensor& x) {
  detail::last_checked_op = op;
  if (!x.defined()) throw_undefined(op);
}

void floating(std::string_view op, const Tensor& x) {
  defined(op, x);
  if (!is_floating(x.dtype())) throw_not_floating(op, x);
}

void number(std::string_view op, const Tensor& x) {
  defined(op, x);
  if (x.dtype() == boolean || is_storage(x.dtype())) throw_not_number(op, x);
}

void computes(std::string_view op, const Tensor& x) {
  defined(op, x);
  if (is_storage(x.dtype())) throw_storage(op, x);
}

void same_dtype(std::string_view op, const Tensor& a, const Tensor& b) {
  defined(op, a);
  defined(op, b);
  if (a.dtype() != b.dtype()) throw_two_dtypes(op, a, b);
}

void dtype(std::string_view op, std::string_view what, const Tensor& x, DType wanted) {
  defined(op, x);
  if (x.dtype() != wanted) throw_dtype(op, what, x, wanted);
}

void same_shape(std::string_view op, const Tensor& a, const Tensor& b) {
  defined(op, a);
  defined(op, b);
  if (!(a.shape() == b.shape())) throw_two_shapes(op, a, b);
}

void rank_at_least(std::string_view op, const Tensor& x, int rank) {
  defined(op, x);
  if (x.dim() < rank) throw_rank(op, x, rank);
}

void ids_below(std::string_view op, const Tensor& ids, int64_t n) {
  dtype(op, "ids", ids, i64);
  const int64_t position = kernels::first_outside({ids.shape(), ids.strides()}, ids.raw(), n);
  if (position >= 0) throw_id(op, ids, position, n);
}

void shape_error(std::string_view op, std::string_view text) { throw ShapeError(fmt::format("{}: {}", op, text)); }

}  // namespace fovea::check
