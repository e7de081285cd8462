# fovea_own(target): what every target of this project shares. Warnings always; the compiler cache and the fast linker
# only when fovea is the top project, so that a parent project keeps its own choices.
include(CheckLinkerFlag)

if(PROJECT_IS_TOP_LEVEL)
  find_program(FOVEA_CCACHE ccache)
  foreach(linker mold lld)
    check_linker_flag(CXX "-fuse-ld=${linker}" FOVEA_HAVE_${linker})
  endforeach()
endif()

# What most sources include, parsed once a target. For the compiler cache a preprocessed source names the precompiled
# headers; where they are made themselves it has to see the text, or those of before would pass for the new ones.
# CMAKE_DISABLE_PRECOMPILE_HEADERS shows sources that lean on it.
function(fovea_precompile target)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
    set_source_files_properties("${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.cxx"
                                PROPERTIES COMPILE_OPTIONS -fno-pch-preprocess)
  elseif(EMSCRIPTEN)
    # Made again of the same text they are the same, and what includes them is found in the cache.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

function(fovea_own target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_compile_options(
    ${target} PRIVATE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall;-Wextra;-Wpedantic;-Wshadow>)
  # g++ 12 sees overlapping copies in every operator+ of a literal and a string (its bug 105651), and uninitialised
  # members in aggregates, std::function and std::regex; clang and valgrind look for the real ones.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
  # A unity build includes its sources, and g++ takes their anonymous namespaces for those of headers.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_UNITY_BUILD)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  # clang says of each `omp simd` loop around a function without a vector form that it stays scalar.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-pass-failed>)
  # `omp simd` is a hint, and without OpenMP none is taken.
  if(NOT FOVEA_OPENMP)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wno-unknown-pragmas>)
  endif()
  set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ${FOVEA_WERROR})
  if(NOT PROJECT_IS_TOP_LEVEL)
    return()
  endif()
  if(FOVEA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set_target_properties(
      ${target} PROPERTIES CXX_COMPILER_LAUNCHER
                           "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${FOVEA_CCACHE}")
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE" OR type STREQUAL "SHARED_LIBRARY")
    if(FOVEA_HAVE_mold)
      target_link_options(${target} PRIVATE -fuse-ld=mold)
    elseif(FOVEA_HAVE_lld)
      target_link_options(${target} PRIVATE -fuse-ld=lld)
    endif()
  endif()
endfunction()
