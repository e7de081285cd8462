// A storage whose block holds no elements, only what to call when they are no longer needed.
#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/foreign.h>

namespace fovea {
namespace {

struct ForeignStorage : detail::Storage {
  size_t block_capacity;
  std::function<void()> release;
};

}  // namespace

void detail::release_slow(Storage& storage) {
  if (storage.capacity != kForeign) return free_block_slow(&storage, storage.capacity);
  auto& foreign = static_cast<ForeignStorage&>(storage);
  const std::function<void()> release = std::move(foreign.release);
  foreign.release.~function();
  free_block(&storage, foreign.block_capacity);
  release();
}

Tensor foreign(void* data, const Shape& shape, const Shape& strides, DType dtype, std::function<void()> release) {
  const int64_t numel = checked_numel("foreign", shape);
  if (strides.rank() != shape.rank())
    throw ShapeError(
        fmt::format("foreign: shape {} and strides {}; need a stride for each size", shape.str(), strides.str()));
  for (const int64_t stride : strides)
    if (stride < 0) throw ShapeError(fmt::format("foreign: strides {}; need 0 or more: copy it first", strides.str()));
  if (numel > 0 && (data == nullptr || reinterpret_cast<uintptr_t>(data) % static_cast<size_t>(item_size(dtype)) != 0))
    throw ValueError(fmt::format("foreign: {}{} at {}; need an address that is a multiple of {} bytes", name_of(dtype),
                                 shape.str(), data, item_size(dtype)));
  size_t capacity = 0;
  void* const block = allocate_block(sizeof(ForeignStorage), &capacity);
  auto* const storage = new (block) ForeignStorage{{.capacity = detail::kForeign}, capacity, {}};
  auto whole = detail::Ref<detail::Storage>::adopt(storage);
  Tensor flat(detail::Ref<detail::TensorImpl>::adopt(
      new detail::TensorImpl(std::move(whole), static_cast<std::byte*>(data), shape, numel, dtype)));
  Tensor x = strides == contiguous_strides(shape) ? flat : array::as_strided(flat, shape, strides);
  storage->release = std::move(release);
  return x;
}

}  // namespace fovea
