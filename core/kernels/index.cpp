#include <fovea/core/kernels/index.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace fovea::kernels {
namespace {

constexpr int64_t kGrainBytes = 8 * kGrain;

// Any type of the same width moves the same way.
template <class Body>
void dispatch_width(DType dtype, Body&& body) {
  switch (item_size(dtype)) {
    case 1:
      return body(uint8_t{});
    case 4:
      return body(uint32_t{});
    default:
      return body(uint64_t{});
  }
}

template <class Body>
void dispatch_number(DType dtype, Body&& body) {
  if (dtype == DType::i64) return body(int64_t{});
  dispatch_floating(dtype, body);
}

std::byte* at(void* data, int64_t bytes) { return static_cast<std::byte*>(data) + bytes; }
const std::byte* at(const void* data, int64_t bytes) { return static_cast<const std::byte*>(data) + bytes; }

// Short runs in words: a call of memcpy would cost more than the copy.
inline void copy_bytes(std::byte* target, const std::byte* source, int64_t bytes) {
  if (bytes == 4) {
    std::memcpy(target, source, 4);
  } else if (bytes == 8) {
    std::memcpy(target, source, 8);
  } else {
    std::memcpy(target, source, static_cast<size_t>(bytes));
  }
}

// f(y(i, index(i)), source(i)) in order: operands source, index, y.
template <class T, class F>
void put(const Loop<3>& loop, const void* source, const void* index, void* y, int64_t stride, F f) {
  const int64_t n = loop.inner();
  const int64_t ss = loop.inner_stride(0), si = loop.inner_stride(1), sy = loop.inner_stride(2);
  loop.for_rows(0, loop.rows(), [&](const int64_t* offsets) {
    const T* from = static_cast<const T*>(source) + offsets[0];
    const int64_t* position = static_cast<const int64_t*>(index) + offsets[1];
    T* to = static_cast<T*>(y) + offsets[2];
    for (int64_t i = 0; i < n; ++i) f(to[i * sy + position[i * si] * stride], from[i * ss]);
  });
}

int64_t grain_for(int64_t bytes) { return std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(1, bytes)); }

}  // namespace

int64_t read_i64(const void* data, int64_t offset) { return static_cast<const int64_t*>(data)[offset]; }

int64_t first_outside(const Loop<1>& loop, const void* ids, int64_t n) {
  const auto* base = static_cast<const int64_t*>(ids);
  const int64_t stride = loop.inner_stride(0), count = loop.inner();
  const auto bound = static_cast<uint64_t>(n);
  int64_t row = 0, found = -1;
  loop.for_rows(0, loop.rows(), [&](const int64_t* offsets) {
    const int64_t* from = base + offsets[0];
    uint64_t most = 0;  // a negative id is a large one; without a branch for each it runs in vectors
    if (stride == 1)
      for (int64_t i = 0; i < count; ++i) most = std::max(most, static_cast<uint64_t>(from[i]));
    if (stride != 1 || (most >= bound && count > 0))
      for (int64_t i = 0; i < count && found < 0; ++i)
        if (static_cast<uint64_t>(from[i * stride]) >= bound) found = row * count + i;
    ++row;
  });
  return found;
}

void copy_runs(int64_t count, int64_t bytes, const Runs& target, const ConstRuns& source) {
  parallel_for(count, grain_for(bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      copy_bytes(at(target.data, target.offset + i * target.step), at(source.data, i * source.step), bytes);
  });
}

void zero_runs(int64_t count, int64_t bytes, const Runs& target) {
  parallel_for(count, grain_for(bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memset(at(target.data, target.offset + i * target.step), 0, static_cast<size_t>(bytes));
  });
}

void copy_runs_into_zeros(int64_t count, int64_t bytes, const Runs& target, const ConstRuns& source) {
  const int64_t after = target.offset + bytes;
  parallel_for(count, grain_for(target.step), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::byte* row = at(target.data, i * target.step);
      std::memset(row, 0, static_cast<size_t>(target.offset));
      copy_bytes(row + target.offset, at(source.data, i * source.step), bytes);
      std::memset(row + after, 0, static_cast<size_t>(target.step - after));
    }
  });
}

void gather(DType dtype, const Loop<3>& loop, void* y, const void* index, const void* x, int64_t stride) {
  dispatch_width(dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t sy = loop.inner_stride(0), si = loop.inner_stride(1), sx = loop.inner_stride(2);
    loop.parallel_rows(kGrain, [&](const int64_t* offsets, int64_t n) {
      T* to = static_cast<T*>(y) + offsets[0];
      const int64_t* position = static_cast<const int64_t*>(index) + offsets[1];
      const T* from = static_cast<const T*>(x) + offsets[2];
      for (int64_t i = 0; i < n; ++i) to[i * sy] = from[i * sx + position[i * si] * stride];
    });
  });
}

void scatter(DType dtype, const Loop<3>& loop, const void* source, const void* index, void* y, int64_t stride) {
  dispatch_width(dtype, [&](auto zero) {
    put<decltype(zero)>(loop, source, index, y, stride, [](auto& to, auto from) { to = from; });
  });
}

void scatter_add(DType dtype, const Loop<3>& loop, const void* source, const void* index, void* y, int64_t stride) {
  dispatch_number(dtype, [&](auto zero) {
    put<decltype(zero)>(loop, source, index, y, stride, [](auto& to, auto from) { to += from; });
  });
}

void take_rows(DType dtype, const Rows& rows, const void* x, const int64_t* ids, void* y) {
  const int64_t bytes = rows.inner * item_size(dtype);
  parallel_for(rows.outer * rows.n, grain_for(bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / rows.n * rows.size + ids[i % rows.n];
      copy_bytes(at(y, i * bytes), at(x, row * bytes), bytes);
    }
  });
}

void add_rows(DType dtype, const Rows& rows, const void* y, const int64_t* ids, void* x, int64_t skip) {
  dispatch_number(dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t numel = rows.outer * rows.size * rows.inner;
    parallel_for(numel, kGrainBytes, [&](int64_t begin, int64_t end) {
      std::memset(static_cast<T*>(x) + begin, 0, static_cast<size_t>(end - begin) * sizeof(T));
    });
    // Threads share out columns, in runs long enough to stream; never ids, so that each sum keeps its order.
    const int64_t columns = std::max<int64_t>(128, kGrain / std::max<int64_t>(1, rows.n));
    for (int64_t o = 0; o < rows.outer; ++o) {
      T* table = static_cast<T*>(x) + o * rows.size * rows.inner;
      const T* from = static_cast<const T*>(y) + o * rows.n * rows.inner;
      parallel_for(rows.inner, columns, [&](int64_t begin, int64_t end) {
        for (int64_t i = 0; i < rows.n; ++i) {
          if (ids[i] == skip) continue;
          T* row = table + ids[i] * rows.inner;
          const T* add = from + i * rows.inner;
          for (int64_t j = begin; j < end; ++j) row[j] += add[j];
        }
      });
    }
  });
}

}  // namespace fovea::kernels
