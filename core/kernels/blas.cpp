#include <cblas.h>
#include <fovea/core/kernels/blas.h>
#include <fovea/core/parallel.h>

#include <cstdlib>
#include <mutex>
#include <string>

#ifdef FOVEA_HAVE_OPENBLAS
// Of builds for many CPUs (DYNAMIC_ARCH); null in others.
extern "C" {
[[gnu::weak]] void gotoblas_dynamic_init();
[[gnu::weak]] void gotoblas_dynamic_quit();
}
#endif

namespace fovea::kernels {
namespace {

#ifdef FOVEA_HAVE_OPENBLAS

// The best kernels for what this CPU can do; null: leave the choice alone.
const char* better_core() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

// OpenBLAS goes by the CPU's model number. One that is newer than the library gets kernels of 2004, several times
// slower (0.3.21 on model 207: 22 instead of 195 GFLOP/s). It then chooses again, by what the CPU can do. Whoever has
// set OPENBLAS_CORETYPE has chosen already.
void choose_core() {
  const char* const variable = "OPENBLAS_CORETYPE";
  if (gotoblas_dynamic_init == nullptr || gotoblas_dynamic_quit == nullptr || std::getenv(variable) != nullptr) return;
  const char* const core = better_core();
  if (core == nullptr || std::string(openblas_get_corename()) != "Prescott") return;
  setenv(variable, core, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv(variable);
}

// OpenBLAS would start threads of its own, and give other results. Built over OpenMP it goes by OpenMP's count, of
// which each thread has one.
bool set_one_thread() {
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  openblas_set_num_threads(1);
  return true;
}

#endif

// What must hold before a product is asked for: one thread, and the kernels that the CPU can run. Cheap after a
// thread's first call.
void prepare_blas() {
#ifdef FOVEA_HAVE_OPENBLAS
  static const bool in_process = (choose_core(), set_one_thread());
  (void)in_process;
  // LLVM's OpenMP forgets its count in a forked child.
  static thread_local int forks_at_last = -1;
  if (forks_at_last == detail::forks_until_now()) return;
  set_one_thread();
  forks_at_last = detail::forks_until_now();
#endif
}

CBLAS_TRANSPOSE transposed(bool is) { return is ? CblasTrans : CblasNoTrans; }
int narrow(int64_t n) { return static_cast<int>(n); }

}  // namespace

template <>
void blas_gemm(int64_t m, int64_t n, int64_t k, const Matrix<float>& a, const Matrix<float>& b, float* c,
               int64_t c_stride, bool accumulate) {
  prepare_blas();
  cblas_sgemm(CblasRowMajor, transposed(a.transposed), transposed(b.transposed), narrow(m), narrow(n), narrow(k), 1.0f,
              a.data, narrow(a.stride), b.data, narrow(b.stride), accumulate ? 1.0f : 0.0f, c, narrow(c_stride));
}
template <>
void blas_gemm(int64_t m, int64_t n, int64_t k, const Matrix<double>& a, const Matrix<double>& b, double* c,
               int64_t c_stride, bool accumulate) {
  prepare_blas();
  cblas_dgemm(CblasRowMajor, transposed(a.transposed), transposed(b.transposed), narrow(m), narrow(n), narrow(k), 1.0,
              a.data, narrow(a.stride), b.data, narrow(b.stride), accumulate ? 1.0 : 0.0, c, narrow(c_stride));
}

template <>
void blas_gemv(int64_t n, int64_t k, const float* x, int64_t x_step, const Matrix<float>& b, float* y,
               bool accumulate) {
  prepare_blas();
  cblas_sgemv(CblasRowMajor, transposed(!b.transposed), narrow(b.transposed ? n : k), narrow(b.transposed ? k : n),
              1.0f, b.data, narrow(b.stride), x, narrow(x_step), accumulate ? 1.0f : 0.0f, y, 1);
}
template <>
void blas_gemv(int64_t n, int64_t k, const double* x, int64_t x_step, const Matrix<double>& b, double* y,
               bool accumulate) {
  prepare_blas();
  cblas_dgemv(CblasRowMajor, transposed(!b.transposed), narrow(b.transposed ? n : k), narrow(b.transposed ? k : n), 1.0,
              b.data, narrow(b.stride), x, narrow(x_step), accumulate ? 1.0 : 0.0, y, 1);
}

}  // namespace fovea::kernels

namespace fovea {

std::string blas_core_name() {
#ifdef FOVEA_HAVE_OPENBLAS
  kernels::prepare_blas();
  return openblas_get_corename();
#else
  return "unknown";
#endif
}

}  // namespace fovea
