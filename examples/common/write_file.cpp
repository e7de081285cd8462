#include "examples/common/write_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fovea::examples {
namespace {

[[noreturn]] void fail(std::string_view doing, const std::filesystem::path& file, int error) {
  throw FileError(fmt::format("cannot {} {}: {} (errno {})", doing, file.string(), std::strerror(error), error));
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags) : value_(::open(file.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const std::filesystem::path partial = folder / ("." + file.filename().string() + ".partial");
  {
    const Descriptor descriptor(partial, O_WRONLY | O_CREAT | O_TRUNC);
    if (descriptor.get() < 0) fail("write", file, errno);
    if (!write_all(descriptor.get(), bytes) || ::fsync(descriptor.get()) != 0) {
      const int error = errno;
      ::unlink(partial.c_str());
      fail("write", file, error);
    }
  }
  if (::rename(partial.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial.c_str());
    fail("replace", file, error);
  }
  const Descriptor folder_descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (folder_descriptor.get() >= 0)
    ::fsync(folder_descriptor.get());  // a file system that cannot sync folders is not a failure
}

std::string read_file(const std::filesystem::path& file) {
  const Descriptor descriptor(file, O_RDONLY);
  if (descriptor.get() < 0) fail("read", file, errno);
  std::string bytes;
  char block[65536];
  for (;;) {
    const ssize_t count = ::read(descriptor.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", file, errno);
    if (count == 0) return bytes;
    bytes.append(block, static_cast<size_t>(count));
  }
}

}  // namespace fovea::examples
