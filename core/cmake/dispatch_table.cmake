# The functions of kernels_<set>.joined.o, for the sets of dispatch.cmake, in the folder where it runs. VISIBILITY is that of the library:
#   kernels_table.cpp               under each function's name a jump through its slot, and what the slots may hold
#   kernels.<set>, .<set>.seen      the function's names with the set's suffix, for objcopy
foreach(set baseline avx2 avx512)
  execute_process(COMMAND ${NM} --defined-only --extern-only kernels_${set}.joined.o
                  OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  # Functions of the namespace; a closure in a name is part of one of them and is not called from outside.
  string(REGEX MATCHALL "[TW] _ZNK?5fovea7kernels[^\n]*" lines "${lines}")
  list(TRANSFORM lines REPLACE "^[TW] " "")
  list(FILTER lines EXCLUDE REGEX "Ul.*E[0-9]*_|Ut[0-9]*_")
  list(SORT lines)
  set(${set} ${lines})
endforeach()

set(text "")
set(values "")
foreach(name IN LISTS baseline)
  set(hidden "")
  if(VISIBILITY STREQUAL "hidden")
    set(hidden ".hidden ${name}\\n")
  endif()
  string(APPEND text "    \".weak ${name}\\n${hidden}.type ${name},@function\\n${name}: jmp *.Lslot_${name}(%rip)\\n.size ${name},.-${name}\\n\"\n")
  set(row "${name}.baseline")
  foreach(set avx2 avx512)
    if(name IN_LIST ${set})
      set(last "${name}.${set}")
    else()
      list(GET row -1 last) # inlined everywhere: the next lower set's
    endif()
    list(APPEND row ${last})
  endforeach()
  list(TRANSFORM row PREPEND ".hidden " OUTPUT_VARIABLE unseen)
  list(JOIN unseen "\\n" unseen)
  list(JOIN row ", " row)
  string(APPEND values "    \"${unseen}\\n.Lslot_${name}: .quad ${row}\\n\"\n")
endforeach()
list(LENGTH baseline count)
file(WRITE kernels_table.cpp "// Made by dispatch_table.cmake.
#include <fovea/core/internal/dispatch.h>
__asm__(
    \".text\\n\"
${text}    \".data\\n.balign 8\\n.globl fovea_kernel_slots\\n.hidden fovea_kernel_slots\\nfovea_kernel_slots:\\n\"
${values}    \".text\\n\");
const long fovea_kernel_count = ${count};
// Before other constructors, which may call kernels.
__attribute__((constructor(101))) static void choose() { fovea_choose_kernels(); }
")
foreach(set baseline avx2 avx512)
  list(TRANSFORM ${set} REPLACE "(.+)" "\\1 \\1.${set}" OUTPUT_VARIABLE pairs)
  list(TRANSFORM ${set} APPEND ".${set}" OUTPUT_VARIABLE seen)
  list(JOIN pairs "\n" pairs)
  list(JOIN seen "\n" seen)
  file(WRITE kernels.${set} "${pairs}\n")
  file(WRITE kernels.${set}.seen "${seen}\n")
endforeach()
