// FlushDenormals: while it lives, this thread and the pieces of its parallel loops take numbers nearer to zero than the
// smallest normal one (1.2e-38 in f32, 2.2e-308 in f64) for zero. A CPU needs some hundred cycles for an operation on
// one, so that a gradient that vanishes through time would slow training down. A backward pass flushes; forward nothing
// does unless asked to. The guard restores what was there before. Without effect on CPUs other than x86-64 and ARM64.
#pragma once

#include <cstdint>

namespace fovea {

namespace detail {
// The calling thread's floating-point control register.
uint64_t float_control();
void set_float_control(uint64_t control);
uint64_t flushing(uint64_t control);  // the same with denormals flushed
}  // namespace detail

class FlushDenormals {
 public:
  FlushDenormals() : before_(detail::float_control()) { detail::set_float_control(detail::flushing(before_)); }
  ~FlushDenormals() { detail::set_float_control(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  uint64_t before_;
};

}  // namespace fovea
