#include <fovea/core/kernels/instruction_set.h>

namespace fovea::kernels {

const char* instruction_set() {
#if defined(__AVX512F__) && defined(__AVX512VL__)
  return "AVX-512";
#elif defined(__AVX2__) && defined(__FMA__)
  return "AVX2";
#elif defined(__AVX__)
  return "AVX";
#elif defined(__ARM_NEON)
  return "NEON";
#else
  return "baseline";
#endif
}

}  // namespace fovea::kernels
