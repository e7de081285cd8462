// Kernels that make elements from their positions. All write contiguous memory.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// y[i] = origin + (first + i) step, computed in f64 and converted; f32, f64 or i64.
void ramp(DType dtype, int64_t n, double origin, int64_t first, double step, void* y);
// y[i] = origin + i step.
void whole_ramp(int64_t n, int64_t origin, int64_t step, int64_t* y);
// y[i, ids[i]] = 1 in a zeroed y of `classes` columns, any type. Returns -1, or the first i whose id is out of range.
int64_t one_hot(DType dtype, int64_t n, int64_t classes, const int64_t* ids, void* y);

}  // namespace fovea::kernels
