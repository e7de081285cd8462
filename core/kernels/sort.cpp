#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/sort.h>

#include <algorithm>
#include <vector>

namespace fovea::kernels {
namespace {

template <class T>
struct Entry {
  T value;
  int64_t position;
};

template <class T>
bool below(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a < b || (b != b && a == a);
  return a < b;
}

// A total order, so that any sorting algorithm is a stable one.
template <class T, bool descending>
struct Before {
  bool operator()(const Entry<T>& a, const Entry<T>& b) const {
    const T u = descending ? b.value : a.value, v = descending ? a.value : b.value;
    if (below(u, v)) return true;
    return !below(v, u) && a.position < b.position;
  }
};

// The first k of `entries` in order.
template <class T, bool descending>
void order(std::vector<Entry<T>>& entries, int64_t k) {
  if (k < static_cast<int64_t>(entries.size()))
    std::partial_sort(entries.begin(), entries.begin() + k, entries.end(), Before<T, descending>{});
  else
    std::sort(entries.begin(), entries.end(), Before<T, descending>{});
}

}  // namespace

void sort_positions(DType dtype, int64_t rows, int64_t n, int64_t k, bool descending, const void* x,
                    int64_t* positions) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t grain = std::max<int64_t>(1, kGrain / 16 / std::max<int64_t>(1, n));
    parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      std::vector<Entry<T>> entries(static_cast<size_t>(n));
      for (int64_t row = begin; row < end; ++row) {
        const T* from = static_cast<const T*>(x) + row * n;
        for (int64_t i = 0; i < n; ++i) entries[static_cast<size_t>(i)] = {from[i], i};
        if (descending)
          order<T, true>(entries, k);
        else
          order<T, false>(entries, k);
        for (int64_t i = 0; i < k; ++i) positions[row * k + i] = entries[static_cast<size_t>(i)].position;
      }
    });
  });
}

}  // namespace fovea::kernels
