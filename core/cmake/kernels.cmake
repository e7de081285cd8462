# Flags of core/kernels/*.cpp alone. Only flags that cannot change a value: reassociation and its relatives stay off.
include(CheckCXXCompilerFlag)

set(kernel_options "")
foreach(flag -fno-math-errno -fno-trapping-math)
  string(MAKE_C_IDENTIFIER "FOVEA_HAS${flag}" has)
  check_cxx_compiler_flag(${flag} ${has})
  if(${has})
    list(APPEND kernel_options ${flag})
  endif()
endforeach()

# Tuned for some CPUs (AMD's Zen) g++ fuses a product with its sum in some unrollings of a loop and not in others; what
# has the same bits in every tile must be fused in all.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  check_cxx_compiler_flag(--param=avoid-fma-max-bits=0 FOVEA_HAS_AVOID_FMA_MAX_BITS)
endif()
if(FOVEA_HAS_AVOID_FMA_MAX_BITS)
  list(APPEND kernel_options --param=avoid-fma-max-bits=0)
endif()

if(FOVEA_ARCH AND NOT FOVEA_ARCH STREQUAL "any")
  string(MAKE_C_IDENTIFIER "FOVEA_HAS_ARCH_${FOVEA_ARCH}" has)
  check_cxx_compiler_flag("-march=${FOVEA_ARCH}" ${has})
  if(NOT ${has})
    message(FATAL_ERROR "fovea: the compiler does not know -march=${FOVEA_ARCH}; set FOVEA_ARCH to one it knows or to \"\"")
  endif()
  list(APPEND kernel_options "-march=${FOVEA_ARCH}")
  string(MAKE_C_IDENTIFIER "FOVEA_WIDE_${FOVEA_ARCH}" wide)
  set(CMAKE_REQUIRED_FLAGS "-march=${FOVEA_ARCH} -mprefer-vector-width=512")
  check_cxx_source_compiles("#ifndef __AVX512F__\n#error\n#endif\nint main() {}" ${wide})
  unset(CMAKE_REQUIRED_FLAGS)
  if(${wide})
    list(APPEND kernel_options -mprefer-vector-width=512)
  endif()
endif()

file(GLOB_RECURSE fovea_kernels CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/core/kernels/*.cpp")
set_source_files_properties(
  ${fovea_kernels} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "${kernel_options};$<$<CONFIG:Release,RelWithDebInfo>:-O3>")

# Random numbers are the same on every machine only if no product is fused with the sum after it.
check_cxx_compiler_flag(-ffp-contract=off FOVEA_HAS_FP_CONTRACT_OFF)
if(FOVEA_HAS_FP_CONTRACT_OFF)
  set_property(
    SOURCE "${PROJECT_SOURCE_DIR}/core/kernels/random.cpp" APPEND PROPERTY COMPILE_OPTIONS -ffp-contract=off)
endif()

if(FOVEA_ARCH STREQUAL "any")
  include(core/cmake/dispatch.cmake)
endif()
