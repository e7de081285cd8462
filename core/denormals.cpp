#include <fovea/core/denormals.h>

namespace fovea::detail {

#if defined(__x86_64__)

uint64_t float_control() { return __builtin_ia32_stmxcsr(); }
void set_float_control(uint64_t control) { __builtin_ia32_ldmxcsr(static_cast<unsigned>(control)); }
uint64_t flushing(uint64_t control) { return control | 0x8000 | 0x0040; }  // results to zero, operands taken for zero

#elif defined(__aarch64__)

uint64_t float_control() {
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  return control;
}
void set_float_control(uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control)); }
uint64_t flushing(uint64_t control) { return control | (uint64_t{1} << 24); }

#else

uint64_t float_control() { return 0; }
void set_float_control(uint64_t) {}
uint64_t flushing(uint64_t control) { return control; }

#endif

}  // namespace fovea::detail
