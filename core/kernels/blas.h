// What must hold of BLAS before a product is asked of it: one thread, and the kernels that the CPU can run.
#pragma once

namespace fovea::kernels {

// Cheap after a thread's first call.
void prepare_blas();

}  // namespace fovea::kernels
