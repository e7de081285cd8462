# Libraries that are headers alone, for a compiler with a system root of its own (emscripten): their folders are linked
# into the build tree, because all of the host's headers beside them would be the wrong ones. Makes fmt::fmt and
# nlohmann_json::nlohmann_json; sets FOVEA_RANDOM123_INCLUDE.
set(folder "${PROJECT_BINARY_DIR}/header_only")
file(MAKE_DIRECTORY "${folder}")
foreach(header fmt/format.h nlohmann/json.hpp Random123/philox.h)
  get_filename_component(name "${header}" DIRECTORY)
  find_path(FOVEA_HOST_${name} "${header}" PATHS /usr/include /usr/local/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  file(CREATE_LINK "${FOVEA_HOST_${name}}/${name}" "${folder}/${name}" SYMBOLIC)
endforeach()
foreach(target fmt::fmt nlohmann_json::nlohmann_json)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE "${folder}")
endforeach()
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
set(FOVEA_RANDOM123_INCLUDE "${folder}")
