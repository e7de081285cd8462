# The component programs: the command `fovea`, and under libexec what it runs. Nothing in it is absolute.
set(programs_dir "${CMAKE_INSTALL_LIBEXECDIR}/fovea")
file(RELATIVE_PATH FOVEA_BIN_TO_PROGRAMS "/p/${CMAKE_INSTALL_BINDIR}" "/p/${programs_dir}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/tools/fovea.in" "${CMAKE_CURRENT_BINARY_DIR}/fovea" @ONLY)

list(TRANSFORM programs REPLACE "/main.cpp$" "" OUTPUT_VARIABLE program_targets)
foreach(target IN LISTS program_targets ITEMS fovea_report)
  set(folder "${programs_dir}")
  if(target STREQUAL "fovea_report")
    string(APPEND folder "/tools")
  endif()
  install(TARGETS ${target} RUNTIME DESTINATION "${folder}" COMPONENT programs EXCLUDE_FROM_ALL)
  file(RELATIVE_PATH to_library "/p/${folder}" "/p/${CMAKE_INSTALL_LIBDIR}")
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
endforeach()
install(PROGRAMS "${CMAKE_CURRENT_BINARY_DIR}/fovea" TYPE BIN COMPONENT programs EXCLUDE_FROM_ALL)
install(PROGRAMS tools/sweep.py data/fetch.py DESTINATION "${programs_dir}/tools" COMPONENT programs EXCLUDE_FROM_ALL)
install(
  FILES tools/nearest.awk tools/processes.py tools/sweep_page.py data/omniglot.py data/sets.json
  DESTINATION "${programs_dir}/tools" COMPONENT programs EXCLUDE_FROM_ALL)
