# BLAS with its C interface. OpenBLAS first, unless BLA_VENDOR asks for another; any BLAS that comes with cblas.h will do.
# Sets BLAS::BLAS, FOVEA_BLAS_VENDOR, FOVEA_CBLAS_INCLUDE and FOVEA_HAVE_OPENBLAS (openblas_set_num_threads is there).
include(CheckCXXSourceCompiles)

set(FOVEA_BLAS_VENDOR "${BLA_VENDOR}")
if(NOT FOVEA_BLAS_VENDOR)
  set(BLA_VENDOR OpenBLAS)
  find_package(BLAS QUIET)
  set(FOVEA_BLAS_VENDOR OpenBLAS)
  if(NOT BLAS_FOUND)
    unset(BLA_VENDOR)
    set(FOVEA_BLAS_VENDOR All)
  endif()
endif()
find_package(BLAS REQUIRED)
unset(BLA_VENDOR)
find_path(FOVEA_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas openblas-openmp blis mkl REQUIRED)

function(fovea_check_blas call result)
  set(CMAKE_REQUIRED_LIBRARIES BLAS::BLAS)
  set(CMAKE_REQUIRED_INCLUDES "${FOVEA_CBLAS_INCLUDE}")
  check_cxx_source_compiles("#include <cblas.h>\nint main() { ${call}; }" ${result})
endfunction()

fovea_check_blas("cblas_sscal(0, 1.0f, nullptr, 1)" FOVEA_HAVE_CBLAS)
if(NOT FOVEA_HAVE_CBLAS)
  message(FATAL_ERROR "fovea: ${BLAS_LIBRARIES} has no C interface (cblas.h and cblas_sgemm); "
                      "install OpenBLAS (Debian: libopenblas-openmp-dev) or set BLA_VENDOR to a BLAS that has it")
endif()
fovea_check_blas("openblas_set_num_threads(1)" FOVEA_HAVE_OPENBLAS)
