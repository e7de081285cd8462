// For tests of what disks and power cuts do: a function called before every system call of write_file with the call's
// name ("open", "lock", "stat", "truncate", "write", "fsync", "rename", "open folder", "fsync folder") and its file
// descriptor (-1 if none). It returns 0 to go on or an errno that the call then fails with; it may also end the
// process.
#pragma once

#include <functional>
#include <string_view>

namespace fovea::detail {

using FileFault = std::function<int(std::string_view call, int descriptor)>;
// Replaces the function; an empty one turns it off. Not for use while another thread writes a file.
void set_file_fault(FileFault fault);

}  // namespace fovea::detail
