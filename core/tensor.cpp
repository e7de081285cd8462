// The tensor object, element access and whole-tensor changes in place.
#include <fmt/format.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <fovea/core/internal/last_op.h>
#include <fovea/core/kernels/elementwise.h>
#include <fovea/core/tensor.h>

#include <cmath>

namespace fovea {

namespace {

constexpr size_t kElements = 256;  // where they begin in a block: aligned as the block itself
static_assert(sizeof(detail::Storage) + sizeof(detail::TensorImpl) <= kElements &&
              alignof(detail::TensorImpl) <= alignof(detail::Storage));

void* first_tensor(detail::Storage& storage) { return &storage + 1; }

// A row-major tensor of numel elements in a new block.
inline Tensor place(void* block, size_t capacity, const Shape& shape, DType dtype, int64_t numel) {
  auto* storage = new (block) detail::Storage{.capacity = capacity};
  return Tensor(detail::Ref<detail::TensorImpl>::adopt(::new (first_tensor(*storage)) detail::TensorImpl(
      detail::Ref<detail::Storage>::adopt(storage), static_cast<std::byte*>(block) + kElements, shape, numel, dtype)));
}

// Of a small block.
inline size_t capacity_for(int64_t numel, DType dtype) {
  const size_t bytes = kElements + detail::to_size(numel * item_size(dtype));
  return (bytes + detail::kBlockAlign - 1) & ~(detail::kBlockAlign - 1);
}

[[noreturn, gnu::noinline]] void throw_out_of_memory(const Shape& shape, DType dtype, int64_t bytes) {
  const auto gib = [](int64_t n) { return static_cast<double>(n) / (1 << 30); };
  const std::string_view op = detail::last_checked_op;
  throw OutOfMemoryError(
      fmt::format("out of memory: {}{} needs {:.3g} GiB ({} bytes) and the system has none; tensors hold {:.3g} GiB{}",
                  name_of(dtype), shape.str(), gib(bytes), bytes, gib(memory_stats().live_bytes),
                  op.empty() ? "" : fmt::format("; the last op: {}", op)),
      bytes);
}

[[gnu::noinline]] Tensor allocate_anyhow(const Shape& shape, DType dtype, int64_t numel) {
  size_t capacity = 0;
  const int64_t bytes = numel * item_size(dtype);
  void* block = nullptr;
  try {
    block = allocate_block(kElements + detail::to_size(bytes), &capacity);
  } catch (const std::bad_alloc&) {
    throw_out_of_memory(shape, dtype, bytes);
  }
  return place(block, capacity, shape, dtype, numel);
}

}  // namespace

namespace detail {
thread_local constinit std::string_view last_checked_op;
}  // namespace detail

void detail::TensorImpl::destroy() {
  if (slot) slot = detail::Ref<detail::TapeSlot>();
  detail::Storage* const block = storage.detach();  // nothing is left for a destructor to do
  if (this != first_tensor(*block)) free_object(this, sizeof(detail::TensorImpl));
  block->release();
}

namespace {

void require_writable(const char* op, const Tensor& x) {
  if (!x.defined()) throw AutogradError(fmt::format("{}: the tensor is undefined", op));
  for (int i = 0; i < x.dim(); ++i)
    if (x.shape()[i] > 1 && x.stride(i) == 0)
      throw ShapeError(fmt::format("{}: {} is expanded: several elements share one place in memory; clone() it first",
                                   op, describe(x)));
}

// What `op` reads to change `target`: x, repeated to its shape, and copied where it shares elements with it that lie
// elsewhere.
Tensor operand(const char* op, const Tensor& x, const Tensor& target) {
  if (!x.defined()) throw AutogradError(fmt::format("{}: the other tensor is undefined", op));
  const Shape &have = x.shape(), &want = target.shape();
  const int extra = want.rank() - have.rank();
  bool fits = extra >= 0;
  for (int i = 0; fits && i < have.rank(); ++i) fits = have[i] == want[i + extra] || have[i] == 1;
  if (!fits)
    throw ShapeError(fmt::format("{}: {} into {}; need the same sizes or 1, counted from the last dimension", op,
                                 describe(x), describe(target)));
  const Tensor repeated = array::expand(x, want);
  const bool moves = x.shares_storage(target) && !(x.raw() == target.raw() && repeated.strides() == target.strides());
  return moves ? array::clone(repeated) : repeated;
}

void require_number(const char* op, const Tensor& x) {
  if (x.dtype() == boolean || is_storage(x.dtype()))
    throw DTypeError(fmt::format("{}: need f32, f64 or i64, got {}; cast with to(x, f32)", op, describe(x)));
}

}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  const int64_t numel = checked_numel("empty", shape);
  const size_t capacity = capacity_for(numel, dtype);
  if (void* block = detail::take_ready(capacity)) [[likely]]
    return place(block, capacity, shape, dtype, numel);
  return allocate_anyhow(shape, dtype, numel);
}

// Most tensors are small and find a block ready. The call stands last, so that this short way keeps nothing on the
// stack.
Tensor empty_like(const Tensor& x) {
  if (x.defined()) [[likely]] {
    const detail::TensorImpl& impl = *x.impl();
    const size_t capacity = capacity_for(impl.numel, impl.dtype);
    if (void* block = detail::take_ready(capacity)) [[likely]]
      return place(block, capacity, impl.shape, impl.dtype, impl.numel);
  }
  return allocate_anyhow(x.shape(), x.dtype(), x.numel());
}

void Tensor::throw_undefined() {
  throw AutogradError(
      "the tensor is undefined: it has no elements and no shape (a gradient before backward, an option "
      "that was left out); ask defined() first, or make it with zeros(shape) or the like");
}

void Tensor::throw_dtype(const char* what, DType wanted) const {
  throw DTypeError(
      fmt::format("{}: {} read as {}; cast with to(x, {})", what, describe(*this), name_of(wanted), name_of(wanted)));
}

int64_t Tensor::stride(int64_t dim) const {
  const detail::TensorImpl& impl = known();
  const int d = existing_dim("stride", dim, impl.shape.rank());
  if (!impl.contiguous) return impl.strides[d];
  int64_t step = 1;
  for (int i = impl.shape.rank() - 1; i > d; --i) step *= std::max<int64_t>(impl.shape[i], 1);
  return step;
}

void Tensor::require_whole(double value, double least, double most) {
  if (std::trunc(value) >= least && std::trunc(value) < most + 1) return;
  throw ValueError(fmt::format("item: {} as a whole number; need one in [{}, {}]", value, least, most));
}

int64_t Tensor::only_element() const {
  if (numel() != 1)
    throw ShapeError(fmt::format("item: {} has {} elements; need exactly one", describe(*this), numel()));
  return 0;
}

int64_t Tensor::element(const char* op, const Shape& index) const {
  if (index.rank() != dim())
    throw IndexError(fmt::format("{}: {} indices for {}; need one per dimension", op, index.rank(), describe(*this)));
  int64_t offset = 0;
  for (int i = 0; i < index.rank(); ++i) {
    const int64_t at = index[i] < 0 ? index[i] + shape()[i] : index[i];
    if (at < 0 || at >= shape()[i])
      throw IndexError(fmt::format("{}: index {} is outside {} along dimension {}", op, index[i], describe(*this), i));
    offset += at * stride(i);
  }
  return offset;
}

void Tensor::set(std::initializer_list<int64_t> index, double value) const {
  require_writable("set", *this);
  require_untaped("set");
  const int64_t offset = element("set", Shape(index));
  require_fits("set", value, dtype());
  dispatch_stored(dtype(), [&](auto zero) { data<decltype(zero)>()[offset] = static_cast<decltype(zero)>(value); });
  bump_version("set");
}

const Tensor& Tensor::fill_(double value) const {
  require_writable("fill_", *this);
  require_untaped("fill_");
  require_fits("fill_", value, dtype());
  kernels::fill(dtype(), {shape(), strides()}, raw(), value);
  bump_version("fill_");
  return *this;
}

const Tensor& Tensor::copy_(const Tensor& source) const {
  require_writable("copy_", *this);
  require_untaped("copy_");
  array::copy(*this, operand("copy_", source, *this));
  bump_version("copy_");
  return *this;
}

const Tensor& Tensor::add_(const Tensor& other, double scale) const {
  require_writable("add_", *this);
  require_untaped("add_");
  require_number("add_", *this);
  const Tensor from = operand("add_", other, *this);
  if (from.dtype() != dtype())
    throw DTypeError(
        fmt::format("add_: {} and {} have different types; cast with to(x, dtype)", describe(*this), describe(other)));
  require_fits("add_", scale, dtype());
  kernels::add_scaled(dtype(), {shape(), strides(), from.strides()}, raw(), from.raw(), scale);
  bump_version("add_");
  return *this;
}

const Tensor& Tensor::mul_(double factor) const {
  require_writable("mul_", *this);
  require_untaped("mul_");
  require_number("mul_", *this);
  require_fits("mul_", factor, dtype());
  kernels::scale(dtype(), {shape(), strides()}, raw(), factor);
  bump_version("mul_");
  return *this;
}

}  // namespace fovea
