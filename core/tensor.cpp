// The tensor object, element access and whole-tensor changes in place.
#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/elementwise.h>
#include <fovea/core/tensor.h>

namespace fovea {

namespace {

constexpr size_t kElements = 256;  // where they begin in a block: aligned as the block itself
static_assert(sizeof(Storage) + sizeof(TensorImpl) <= kElements && alignof(TensorImpl) <= alignof(Storage));

void* first_tensor(Storage& storage) { return &storage + 1; }

// A row-major tensor of numel elements in a new block.
inline Tensor place(void* block, size_t capacity, const Shape& shape, DType dtype, int64_t numel) {
  auto* storage = new (block) Storage;
  storage->capacity = capacity;
  auto* impl = ::new (first_tensor(*storage)) TensorImpl(shape, dtype);
  impl->storage = Ref<Storage>::adopt(storage);
  impl->data = static_cast<std::byte*>(block) + kElements;
  impl->numel = numel;
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    impl->strides[i] = stride;
    stride *= shape[i] > 0 ? shape[i] : 1;
  }
  return Tensor(Ref<TensorImpl>::adopt(impl));
}

[[gnu::noinline]] Tensor allocate_anyhow(const Shape& shape, DType dtype, int64_t numel, size_t bytes) {
  size_t capacity = 0;
  void* block = allocate_block(bytes, &capacity);
  return place(block, capacity, shape, dtype, numel);
}

// Most tensors are small and find a block at hand; with no call on the way one costs far less.
inline Tensor allocate(const Shape& shape, DType dtype, int64_t numel) {
  using detail::block_cache, detail::kBlockAlign, detail::memory_counters;
  const size_t bytes = kElements + static_cast<size_t>(numel * item_size(dtype));
  const size_t rounded = (bytes + kBlockAlign - 1) & ~(kBlockAlign - 1);
  if (rounded > detail::kSmallBlock || !single_threaded()) return allocate_anyhow(shape, dtype, numel, bytes);
  detail::FreeBlock*& list = block_cache.lists[rounded / kBlockAlign];
  if (list == nullptr || memory_counters.fail_after.load(std::memory_order_relaxed) >= 0)
    return allocate_anyhow(shape, dtype, numel, bytes);
  block_cache.room += static_cast<int64_t>(rounded);
  detail::count_taken(rounded);
  return place(std::exchange(list, list->next), rounded, shape, dtype, numel);
}

}  // namespace

void TensorImpl::destroy() {
  if (slot) slot = Ref<TapeSlot>();
  Storage* const block = storage.detach();  // nothing is left for a destructor to do
  if (this != first_tensor(*block)) free_object(this, sizeof(TensorImpl));
  block->release();
}

namespace {

[[noreturn, gnu::noinline]] void throw_negative(const Shape& shape) {
  throw ShapeError(fmt::format("empty: shape {} has a negative size", shape.str()));
}
[[noreturn, gnu::noinline]] void throw_too_large(const Shape& shape) {
  throw ShapeError(fmt::format("empty: shape {} has more elements than an address can count", shape.str()));
}

void require_writable(const char* op, const Tensor& x) {
  if (!x.defined()) throw AutogradError(fmt::format("{}: the tensor is undefined", op));
  for (int i = 0; i < x.dim(); ++i)
    if (x.strides()[i] == 0 && x.shape()[i] > 1)
      throw ShapeError(fmt::format("{}: {} is expanded: several elements share one place in memory; clone() it first",
                                   op, describe(x)));
}

int64_t offset_of(const Tensor& x, const Shape& index) {
  if (index.rank() != x.dim()) throw IndexError(fmt::format("at: {} indices for {}", index.rank(), describe(x)));
  int64_t offset = 0;
  for (int i = 0; i < index.rank(); ++i) {
    const int64_t at = index[i] < 0 ? index[i] + x.shape()[i] : index[i];
    if (at < 0 || at >= x.shape()[i])
      throw IndexError(fmt::format("at: index {} is outside {} along dimension {}", index[i], describe(x), i));
    offset += at * x.strides()[i];
  }
  return offset;
}

double read(const Tensor& x, int64_t offset) {
  return dispatch(x.dtype(), [&](auto zero) { return static_cast<double>(x.data<decltype(zero)>()[offset]); });
}

}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  int64_t extent = 1;  // with sizes of 0 left out: strides must not overflow either
  bool none = false;
  for (const int64_t size : shape) {
    if (size < 0) throw_negative(shape);
    none |= size == 0;
    if (__builtin_mul_overflow(extent, size == 0 ? 1 : size, &extent) || extent > (int64_t{1} << 56))
      throw_too_large(shape);
  }
  return allocate(shape, dtype, none ? 0 : extent);
}

Tensor empty_like(const Tensor& x) { return allocate(x.shape(), x.dtype(), x.numel()); }

void Tensor::throw_dtype(const char* what, DType wanted) const {
  throw DTypeError(
      fmt::format("{}: {} read as {}; cast with to(x, {})", what, describe(*this), name_of(wanted), name_of(wanted)));
}

double Tensor::item_as_double() const {
  if (numel() != 1)
    throw ShapeError(fmt::format("item: {} has {} elements; need exactly one", describe(*this), numel()));
  return read(*this, 0);
}

int64_t Tensor::item_i64() const {
  if (numel() != 1)
    throw ShapeError(fmt::format("item: {} has {} elements; need exactly one", describe(*this), numel()));
  return *data<int64_t>();
}

double Tensor::at_as_double(const Shape& index) const { return read(*this, offset_of(*this, index)); }

void Tensor::set(std::initializer_list<int64_t> index, double value) {
  require_writable("set", *this);
  require_untaped("set");
  const int64_t offset = offset_of(*this, Shape(index));
  dispatch(dtype(), [&](auto zero) { data<decltype(zero)>()[offset] = static_cast<decltype(zero)>(value); });
  bump_version("set");
}

Tensor& Tensor::fill_(double value) {
  require_writable("fill_", *this);
  require_untaped("fill_");
  kernels::fill(dtype(), {shape(), strides()}, raw(), value);
  bump_version("fill_");
  return *this;
}

Tensor& Tensor::copy_(const Tensor& source) {
  require_writable("copy_", *this);
  require_untaped("copy_");
  Tensor from = array::expand(source, shape());
  const bool overlaps = shares_storage(source) && !(source.raw() == raw() && source.strides() == strides());
  array::copy(*this, overlaps ? array::clone(from) : from);
  bump_version("copy_");
  return *this;
}

Tensor& Tensor::add_(const Tensor& other, double scale) {
  require_writable("add_", *this);
  require_untaped("add_");
  if (other.dtype() != dtype())
    throw DTypeError(
        fmt::format("add_: {} and {} have different types; cast with to(x, dtype)", describe(*this), describe(other)));
  Tensor from = array::expand(other, shape());
  const bool overlaps = shares_storage(other) && !(other.raw() == raw() && from.strides() == strides());
  if (overlaps) from = array::clone(from);
  kernels::add_scaled(dtype(), {shape(), strides(), from.strides()}, raw(), from.raw(), scale);
  bump_version("add_");
  return *this;
}

Tensor& Tensor::mul_(double factor) {
  require_writable("mul_", *this);
  require_untaped("mul_");
  kernels::scale(dtype(), {shape(), strides()}, raw(), factor);
  bump_version("mul_");
  return *this;
}

}  // namespace fovea
