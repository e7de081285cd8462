#include <fovea/core/kernels/creation.h>
#include <fovea/core/kernels/loops.h>

namespace fovea::kernels {

void ramp(DType dtype, int64_t n, double origin, int64_t first, double step, void* y) {
  dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = static_cast<T*>(y);
    parallel_for(n, kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(origin + static_cast<double>(first + i) * step);
    });
  });
}

void whole_ramp(int64_t n, int64_t origin, int64_t step, int64_t* y) {
  parallel_for(n, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)  // i * step alone may be beyond i64
      y[i] =
          static_cast<int64_t>(static_cast<uint64_t>(origin) + static_cast<uint64_t>(i) * static_cast<uint64_t>(step));
  });
}

int64_t one_hot(DType dtype, int64_t n, int64_t classes, const int64_t* ids, void* y) {
  return dispatch(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* out = static_cast<T*>(y);
    for (int64_t i = 0; i < n; ++i) {
      if (ids[i] < 0 || ids[i] >= classes) return i;
      out[i * classes + ids[i]] = T(1);
    }
    return int64_t{-1};
  });
}

}  // namespace fovea::kernels
