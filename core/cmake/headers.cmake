# The include tree. ${build}/include/fovea/<floor> points at the source folders, so <fovea/core/tensor.h> means the same
# here and after install. fovea.h is written from the public headers that exist and so never goes stale; a header is
# public unless it lies in a folder named kernels, internal or ops, is the tests' own (op_spec.h), or is for those who
# write ops: what it puts beside the public names would be in the way of a program's own. Those of fovea::mpi are
# included by name.
set(fovea_include_dir "${PROJECT_BINARY_DIR}/include/fovea")
set(fovea_floors core autograd layers optim)

if(POLICY CMP0205)
  cmake_policy(SET CMP0205 NEW)  # where there are no links, whole folders are copied
endif()
file(MAKE_DIRECTORY "${fovea_include_dir}")
set(fovea_public_headers "")
foreach(floor IN LISTS fovea_floors)
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${floor}" "${fovea_include_dir}/${floor}" COPY_ON_ERROR SYMBOLIC)
  file(GLOB_RECURSE headers RELATIVE "${PROJECT_SOURCE_DIR}" CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${floor}/*.h")
  list(FILTER headers EXCLUDE REGEX "/(kernels|internal|ops)/|_spec\\.h$|^(core/array|autograd/check)\\.h$|^optim/mpi/")
  if(NOT FOVEA_TRAINING)
    list(FILTER headers EXCLUDE REGEX "^optim/training/")
  endif()
  list(APPEND fovea_public_headers ${headers})
endforeach()

set(fovea_includes ${fovea_public_headers})
list(TRANSFORM fovea_includes REPLACE "(.+)" "#include <fovea/\\1>")
list(JOIN fovea_includes "\n" FOVEA_INCLUDES)
configure_file("${CMAKE_CURRENT_LIST_DIR}/fovea.h.in" "${fovea_include_dir}/fovea.h" @ONLY)
configure_file("${CMAKE_CURRENT_LIST_DIR}/version.h.in" "${fovea_include_dir}/version.h" @ONLY)
configure_file("${CMAKE_CURRENT_LIST_DIR}/version.cpp.in" "${PROJECT_BINARY_DIR}/version.cpp" @ONLY)
