// Weighted sums of rows of a table, bag by bag, f32 and f64. The three are the partial gradients of
// sum_s,j p(s, j) g(s) . table(ids(s, j)), so each one's gradients are the other two. Sums run in the order of
// the ids.
#pragma once

#include <fovea/core/dtype.h>

#include <cstdint>

namespace fovea::kernels {

// Dense arrays: table [rows, width], ids and p [bags, length], g and y [bags, width]. p may be null for 1. An id equal
// to `skip` is left out.
struct Bags {
  int64_t bags, length, rows, width, skip;
};
// y(s) = sum_j p(s, j) table(ids(s, j)).
void bag_sums(DType dtype, const Bags& n, const void* table, const int64_t* ids, const void* p, void* y);
// table(v) = sum of p(s, j) g(s) over ids(s, j) = v.
void bag_table(DType dtype, const Bags& n, const void* g, const int64_t* ids, const void* p, void* table);
// p(s, j) = g(s) . table(ids(s, j)).
void bag_weights(DType dtype, const Bags& n, const void* g, const int64_t* ids, const void* table, void* p);

}  // namespace fovea::kernels
