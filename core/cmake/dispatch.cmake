# FOVEA_ARCH=any: the kernels compiled three times, for plain x86-64, AVX2 and AVX-512, in one library that chooses when
# it is loaded. Each set becomes one object whose functions have a suffix and are seen under it alone, so that nothing
# compiled for one CPU passes for another's; under the plain names stand jumps through a table (dispatch_table.cmake),
# which core/internal/dispatch.cpp fills.
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" OR NOT CMAKE_OBJCOPY OR NOT CMAKE_NM OR NOT UNIX OR APPLE)
  message(FATAL_ERROR "fovea: FOVEA_ARCH=any is for x86-64 with binutils; set FOVEA_ARCH to a name the compiler knows or to \"\"")
endif()
find_program(FOVEA_GNU_LD NAMES ld.bfd REQUIRED) # others join no objects into one without groups

get_target_property(sources fovea SOURCES)
set(dispatched ${fovea_kernels})
list(FILTER dispatched EXCLUDE REGEX "/(blas|blas_none)\\.cpp$") # of them one is enough
list(REMOVE_ITEM sources ${dispatched})
set_target_properties(fovea PROPERTIES SOURCES "${sources}")

set(baseline_options "")
# What core/internal/dispatch.cpp asks the CPU for.
set(avx2_options -msse4.2 -mpopcnt -mavx2 -mfma -mbmi -mbmi2)
set(avx512_options ${avx2_options} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl -mprefer-vector-width=512)
set(objects "")
foreach(set baseline avx2 avx512)
  set(target fovea_kernels_${set})
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${dispatched})
  fovea_own(${target})
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF INTERPROCEDURAL_OPTIMIZATION OFF)
  if(BUILD_SHARED_LIBS)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  target_compile_options(${target} PRIVATE ${${set}_options} $<TARGET_PROPERTY:fovea,COMPILE_OPTIONS> -fno-lto)
  target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:fovea,INCLUDE_DIRECTORIES>)
  target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:fovea,COMPILE_DEFINITIONS>)
  target_link_libraries(${target} PRIVATE $<$<BOOL:${FOVEA_OPENMP}>:OpenMP::OpenMP_CXX> ${FOVEA_FMT})
  add_custom_command(
    OUTPUT kernels_${set}.joined.o
    COMMAND ${FOVEA_GNU_LD} -r --force-group-allocation -o kernels_${set}.joined.o $<TARGET_OBJECTS:${target}>
    DEPENDS ${target} $<TARGET_OBJECTS:${target}>
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_command(
    OUTPUT kernels_${set}.o
    COMMAND ${CMAKE_OBJCOPY} --redefine-syms=kernels.${set} kernels_${set}.joined.o kernels_${set}.renamed.o
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=kernels.${set}.seen kernels_${set}.renamed.o kernels_${set}.o
    DEPENDS kernels_${set}.joined.o kernels_table.cpp
    VERBATIM)
  list(APPEND objects "${PROJECT_BINARY_DIR}/kernels_${set}.o")
endforeach()

add_custom_command(
  OUTPUT kernels_table.cpp
  BYPRODUCTS kernels.baseline kernels.baseline.seen kernels.avx2 kernels.avx2.seen kernels.avx512 kernels.avx512.seen
  COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DVISIBILITY=${CMAKE_CXX_VISIBILITY_PRESET} -P "${PROJECT_SOURCE_DIR}/core/cmake/dispatch_table.cmake"
  DEPENDS kernels_baseline.joined.o kernels_avx2.joined.o kernels_avx512.joined.o
          "${PROJECT_SOURCE_DIR}/core/cmake/dispatch_table.cmake"
  VERBATIM)
set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
set_source_files_properties("${PROJECT_BINARY_DIR}/kernels_table.cpp" PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
target_sources(fovea PRIVATE ${objects} "${PROJECT_BINARY_DIR}/kernels_table.cpp" core/internal/dispatch.cpp)
