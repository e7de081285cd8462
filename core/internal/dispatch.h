// The table of FOVEA_ARCH=any, which core/cmake/dispatch_table.cmake makes: a slot for each function of the kernels. A
// call jumps to the first of its three; plain until the library has chosen.
#pragma once

struct FoveaKernelSlot {
  const void* used;  // of plain x86-64 until chosen
  const void* avx2;
  const void* avx512;
};
#pragma GCC visibility push(hidden)  // another version of the library may be in the process
extern "C" {
extern FoveaKernelSlot fovea_kernel_slots[];
extern const long fovea_kernel_count;
// By the CPU, and FOVEA_KERNELS in the environment, which may ask for less. The table calls it when it is loaded.
void fovea_choose_kernels();
}
#pragma GCC visibility pop
