// What the kernels of ntm.h share: samples side by side, and sums over slots.
#pragma once

#include <fovea/core/kernels/ntm.h>
#include <fovea/core/kernels/rows.h>
#include <fovea/core/parallel.h>

namespace fovea::kernels {

template <class Body>
void for_samples(const NtmSizes& n, Body&& body) {
  const int64_t work = n.slots * n.width * (n.heads + 1);
  const int64_t grain = work >= 10240 ? 1 : 10240 / (work > 0 ? work : 1);
  parallel_for(n.batch, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) body(b);
  });
}

// Sixteen running sums, so that the loop is a vector loop with one fixed order of additions. The last terms go to a
// copy: the sums of the loop then stay in registers.
template <class T, class F>
T sum_over(int64_t n, F term) {
  constexpr int L = 16;
  T lanes[L] = {};
  int64_t i = 0;
  for (; i + L <= n; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) lanes[j] += term(i + j);
  }
  if (i == n) return sum_lanes<L>(lanes);
  T all[L];
#pragma omp simd
  for (int j = 0; j < L; ++j) all[j] = lanes[j];
  for (; i < n; ++i) all[i % L] += term(i);
  return sum_lanes<L>(all);
}

}  // namespace fovea::kernels
