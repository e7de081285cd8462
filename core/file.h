// Whole files. Writing is atomic: whatever happens, `path` holds the old bytes or the new ones, all of them.
//
// write_file puts the bytes into `path`.tmp beside the file, flushes them to the disk, renames the temporary file over
// `path` and flushes the folder. A process that is killed leaves at most that one temporary file, which the next save
// uses and removes. After an error the old file is whole, except that when only flushing the folder failed the new file
// is already in place. A symbolic link is followed, so that the file it points to is replaced and the link stays.
// Errors: FileError names the path, the call that failed and errno. Threads: safe; of two saves to one path at the same
// time the second fails.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace fovea {

// A regular file's bytes.
std::vector<std::byte> read_file(std::string_view path);
void write_file(std::string_view path, std::span<const std::byte> bytes);

}  // namespace fovea
