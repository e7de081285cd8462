// Sorting rows: which positions hold the elements in order. NaN counts as larger than every number.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// x [rows, n] dense; positions [rows, k] dense: of the k first elements in ascending (or descending) order, equal ones
// in the order they stand. k <= n.
void sort_positions(DType dtype, int64_t rows, int64_t n, int64_t k, bool descending, const void* x,
                    int64_t* positions);

}  // namespace fovea::kernels
