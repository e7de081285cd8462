# The Debian packages, by cpack, and what they hold beside the installed files: copyright, changelog, manual. A package is
# a component; ./dev package configures for it, and docs/packages.md says what each holds.
set(library_package "libfovea${FOVEA_SOVERSION}")
set(debian "${PROJECT_SOURCE_DIR}/packaging/debian")
set(made "${PROJECT_BINARY_DIR}/debian")

# What is compiled in from headers and archives, with the licences that ask to go along. A name is a Debian package.
set(inside_library librandom123-dev nlohmann-json3-dev)
set(inside_programs ${inside_library} libcli11-dev libcpp-httplib-dev node-d3)
set(inside_python ${inside_library})
file(READ "${debian}/copyright" copyright)

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
configure_file("${debian}/changelog.in" "${made}/changelog" @ONLY)
configure_file("${debian}/fovea.1.in" "${made}/fovea.1" @ONLY)
find_program(FOVEA_GZIP gzip REQUIRED)
foreach(file changelog fovea.1)
  execute_process(COMMAND "${FOVEA_GZIP}" -9nkf "${made}/${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

foreach(pair "library ${library_package}" "development libfovea-dev" "programs fovea" "python python3-fovea")
  string(REGEX REPLACE " .*" "" component "${pair}")
  string(REGEX REPLACE ".* " "" package "${pair}")
  set(text "${copyright}")
  foreach(name IN LISTS inside_${component})
    file(READ "/usr/share/doc/${name}/copyright" theirs)
    string(APPEND text "\n----\nCompiled in: parts of Debian's ${name}, of which its package says:\n\n${theirs}")
  endforeach()
  if(component STREQUAL "python")
    file(GLOB licences "${nanobind_DIR}/../../nanobind-*.dist-info/licenses/LICENSE" "${nanobind_DIR}/../ext/robin_map/LICENSE")
    foreach(file IN LISTS licences)
      file(READ "${file}" theirs)
      string(APPEND text "\n----\nCompiled in: nanobind, and the table that it brings.\n\n${theirs}")
    endforeach()
  endif()
  file(WRITE "${made}/${package}/copyright" "${text}")
  install(FILES "${made}/${package}/copyright" "${made}/changelog.gz" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}"
          COMPONENT ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
endforeach()
install(FILES "${made}/fovea.1.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT programs)
file(WRITE "${made}/METADATA"
     "Metadata-Version: 2.1\nName: fovea\nVersion: ${PROJECT_VERSION}\nSummary: ${PROJECT_DESCRIPTION}\nRequires-Dist: numpy\n")
install(FILES "${made}/METADATA" DESTINATION "${FOVEA_PYTHON_DIR}/fovea-${PROJECT_VERSION}.dist-info" COMPONENT python)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME fovea)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has its own
set(CPACK_PACKAGE_CONTACT "The fovea developers <fovea@fovea.invalid>")
set(CPACK_COMPONENTS_ALL library development programs python)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Whoever links the library needs this version of the ABI; what is built with it, this very version.
set(same "${library_package} (= ${PROJECT_VERSION})")
file(WRITE "${made}/shlibs" "libfovea ${FOVEA_SOVERSION} ${library_package} (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${made}/shlibs")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${same}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS "${same}, fonts-dejavu-core, python3")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION science)
find_package(Python 3.9 REQUIRED COMPONENTS Interpreter)
math(EXPR next "${Python_VERSION_MINOR} + 1")
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
    "${same}, python3 (>= 3.${Python_VERSION_MINOR}), python3 (<< 3.${next}), python3-numpy")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA "${debian}/postinst;${debian}/prerm")

set(what "tensors, gradients, attention and memory")
set(more "fovea is a tensor library with reverse-mode gradients and, on top of it,
attention and memory mechanisms: from recurrent cells over additive attention
to Transformers and Neural Turing Machines.
.
This package is")
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "${what}: library\n${more} the shared library.")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "${what}: headers\n${more} the headers, and what CMake and pkg-config read.")
set(CPACK_DEBIAN_PROGRAMS_DESCRIPTION "${what}: programs\n${more} the command that trains, looks at and reports on them.")
set(CPACK_DEBIAN_PYTHON_DESCRIPTION "${what}: Python\n${more} the one for Python 3.")
include(CPack)
