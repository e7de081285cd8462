// Whole files. Writing is atomic: whatever happens, `path` holds the old bytes or the new ones, all of them.
//
// write_file puts the bytes into `path`.tmp beside the file, flushes them to the disk, renames the temporary file over
// `path` and flushes the folder. A process that is killed leaves at most that one temporary file, which the next save
// uses and removes. After an error the old file is whole, except that when only flushing the folder failed the new file
// is already in place. A symbolic link is followed, so that the file it points to is replaced and the link stays.
// Flush::no leaves the flushing to the system: as safe from a kill, but after a power cut the file may be empty. For
// what is written often and can be made again.
// Errors: FileError names the path, the call that failed and errno. Threads: safe; of two saves to one path at the same
// time the second fails.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace fovea {

// A regular file's bytes; also FileError if they are more than the machine's memory.
std::vector<std::byte> read_file(std::string_view path);
// Its first `count` bytes, fewer where it is shorter, and how many it has: for what a header alone can tell.
struct FileStart {
  std::vector<std::byte> bytes;
  size_t file_size;
};
FileStart read_start(std::string_view path, size_t count);
enum class Flush { yes, no };
void write_file(std::string_view path, std::span<const std::byte> bytes, Flush flush = Flush::yes);

}  // namespace fovea
