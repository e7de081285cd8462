// What the kernels that run here were compiled for.
#pragma once

namespace fovea::kernels {

const char* instruction_set();  // "AVX-512", "AVX2", "AVX", "NEON" or "baseline"

}  // namespace fovea::kernels
