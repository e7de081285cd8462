// The ends of a stack stand apart, so that inner loops are flat.
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/rows.h>
#include <fovea/core/kernels/stack.h>

namespace fovea::kernels {
namespace {

template <class T>
struct Actions {
  Actions(const T* a, int64_t actions) : pop(a[0]), stay(actions == 3 ? a[1] : T(0)), push(a[actions - 1]) {}
  T pop, stay, push;
};

// x(i + 1) a + x(i) b + x(i - 1) c at the n elements of y, x being `before` in front of them and `after` behind.
template <class T>
void three_taps(int64_t n, const T* x, T before, T after, T a, T b, T c, T* y) {
  const auto at = [&](int64_t i) { return i < 0 ? before : i < n ? x[i] : after; };
  const auto one = [&](int64_t i) { y[i] = a * at(i + 1) + b * x[i] + c * at(i - 1); };
  if (n > 0) one(0);
#pragma omp simd
  for (int64_t i = 1; i < n - 1; ++i) y[i] = a * x[i + 1] + b * x[i] + c * x[i - 1];
  if (n > 1) one(n - 1);
}

// The gradients of a: g . s moved up, g . s, g . s moved down.
template <class T>
void add_up(int64_t n, const T* g, const T* s, T v, T* sums) {
  constexpr int L = vm::kWidth<T>;
  T pop[L] = {}, stay[L] = {}, push[L] = {};
  int64_t i = 1;
  for (; i + L <= n - 1; i += L) {
#pragma omp simd
    for (int j = 0; j < L; ++j) {
      pop[j] += g[i + j] * s[i + j + 1];
      stay[j] += g[i + j] * s[i + j];
      push[j] += g[i + j] * s[i + j - 1];
    }
  }
  for (int j = 0; i + j < n - 1; ++j) {
    pop[j] += g[i + j] * s[i + j + 1];
    stay[j] += g[i + j] * s[i + j];
    push[j] += g[i + j] * s[i + j - 1];
  }
  sums[0] = sum_lanes<L>(pop), sums[1] = sum_lanes<L>(stay), sums[2] = sum_lanes<L>(push);
  if (n == 0) return;
  sums[0] += g[0] * (n > 1 ? s[1] : T(-1));
  sums[1] += g[0] * s[0];
  sums[2] += g[0] * v;
  if (n == 1) return;
  sums[0] -= g[n - 1];
  sums[1] += g[n - 1] * s[n - 1];
  sums[2] += g[n - 1] * s[n - 2];
}

int64_t rows_a_piece(const Stacks& n) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, 3 * n.cells)); }

}  // namespace

void stack_update(DType dtype, const Stacks& n, const void* s, const void* v, const void* a, void* y) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(n.rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Actions<T> act(static_cast<const T*>(a) + r * n.actions, n.actions);
        three_taps(n.cells, static_cast<const T*>(s) + r * n.cells, static_cast<const T*>(v)[r], T(-1), act.pop,
                   act.stay, act.push, static_cast<T*>(y) + r * n.cells);
      }
    });
  });
}

void stack_update_backward(DType dtype, const Stacks& n, const void* g, const void* s, const void* v, const void* a,
                           void* ds, void* dv, void* da) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    parallel_for(n.rows, rows_a_piece(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Actions<T> act(static_cast<const T*>(a) + r * n.actions, n.actions);
        const T* given = static_cast<const T*>(g) + r * n.cells;
        T sums[3];
        three_taps(n.cells, given, T(0), T(0), act.push, act.stay, act.pop, static_cast<T*>(ds) + r * n.cells);
        static_cast<T*>(dv)[r] = n.cells > 0 ? act.push * given[0] : T(0);
        add_up(n.cells, given, static_cast<const T*>(s) + r * n.cells, static_cast<const T*>(v)[r], sums);
        T* to = static_cast<T*>(da) + r * n.actions;
        to[0] = sums[0], to[n.actions - 1] = sums[2];
        if (n.actions == 3) to[1] = sums[1];
      }
    });
  });
}

}  // namespace fovea::kernels
