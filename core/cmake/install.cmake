# Install and export. The prefix can be moved afterwards: nothing in it is absolute. The components are library and
# development here, programs in examples/; programs are installed only when they are asked for, by
# `cmake --install BUILD --component programs`.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/fovea")
set(where LIBRARY COMPONENT library NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
install(TARGETS fovea EXPORT fovea-targets ${where})
install(EXPORT fovea-targets NAMESPACE fovea:: DESTINATION "${package_dir}" COMPONENT development)
foreach(header IN LISTS fovea_public_headers)
  get_filename_component(folder "${header}" DIRECTORY)
  install(FILES "${PROJECT_SOURCE_DIR}/${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/fovea/${folder}"
          COMPONENT development)
endforeach()
install(FILES "${fovea_include_dir}/fovea.h" "${fovea_include_dir}/version.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/fovea" COMPONENT development)

add_custom_target(fovea_installed)  # all that is installed
add_dependencies(fovea_installed fovea)
# The component mpi, of its own: who does not ask for it needs no MPI.
if(TARGET fovea_mpi)
  add_dependencies(fovea_installed fovea_mpi)
  install(TARGETS fovea_mpi EXPORT fovea-mpi-targets ${where})
  install(EXPORT fovea-mpi-targets NAMESPACE fovea:: DESTINATION "${package_dir}" COMPONENT development)
  install(FILES "${PROJECT_SOURCE_DIR}/optim/mpi/session.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/fovea/optim/mpi"
          COMPONENT development)
endif()

get_target_property(FOVEA_LIBRARY_TYPE fovea TYPE)
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/fovea-config.cmake.in" "${PROJECT_BINARY_DIR}/fovea-config.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/fovea-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/fovea-config.cmake" "${PROJECT_BINARY_DIR}/fovea-config-version.cmake"
        DESTINATION "${package_dir}" COMPONENT development)

# For builds without CMake: pkg-config --cflags --libs fovea. Of a static archive it names what the library needs, too.
file(RELATIVE_PATH FOVEA_PC_TO_PREFIX "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
set(FOVEA_PC_CFLAGS "")
if(NOT FOVEA_THREADS)
  set(FOVEA_PC_CFLAGS " -DFOVEA_ONE_THREAD=1")
endif()
set(FOVEA_PC_LIBS "")
if(FOVEA_LIBRARY_TYPE STREQUAL "STATIC_LIBRARY")
  set(needed ${utf8proc_LINK_LIBRARIES} ${BLAS_LIBRARIES} ${OpenMP_CXX_LIBRARIES} ${CMAKE_THREAD_LIBS_INIT})
  if(FOVEA_FMT STREQUAL "fmt::fmt")
    list(PREPEND needed -lfmt)
  endif()
  list(JOIN needed " " needed)
  set(FOVEA_PC_LIBS " ${needed}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/fovea.pc.in" "${PROJECT_BINARY_DIR}/fovea.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/fovea.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
