#include <fcntl.h>
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <fovea/core/internal/file_fault.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace fovea {
namespace {

constexpr size_t kPiece = size_t{1} << 20;  // bytes a write call

detail::FileFault& file_fault() {
  static detail::FileFault fault;
  return fault;
}

[[noreturn]] void fail(std::string_view doing, const std::string& path, std::string_view call, int error) {
  throw FileError(fmt::format("{}: {}: {} failed: {} (errno {})", doing, path, call,
                              std::generic_category().message(error), error));
}

// One system call: asks the fault function first, and repeats what a signal interrupted.
template <class Call>
auto attempt(std::string_view doing, const std::string& path, std::string_view name, int descriptor, Call&& call) {
  if (file_fault()) {
    const int error = file_fault()(name, descriptor);
    if (error != 0) fail(doing, path, name, error);
  }
  while (true) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) fail(doing, path, name, errno);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number_); }
  int get() const { return number_; }

 private:
  int number_;
};

std::string checked_path(std::string_view doing, std::string_view path) {
  if (path.empty()) throw FileError(fmt::format("{}: the path is empty", doing));
  if (path.find('\0') != path.npos)
    throw FileError(fmt::format("{}: the path has a zero byte: {}", doing, path.data()));
  return std::string(path);
}

// Where a save to `path` ends up: the target of a link; only regular files may be replaced.
std::string target_of(const std::string& path) {
  std::error_code error;
  std::filesystem::path real = path;
  if (std::filesystem::is_symlink(real, error)) real = std::filesystem::weakly_canonical(real, error);
  if (error && error != std::errc::no_such_file_or_directory) fail("write_file", path, "stat", error.value());
  const auto status = std::filesystem::status(real, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw FileError(fmt::format("write_file: {}: is not a regular file", path));
  return real.string();
}

size_t machine_memory() {
  return static_cast<size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

std::pair<dev_t, ino_t> identity(const struct stat& status) { return {status.st_dev, status.st_ino}; }

// The temporary file of one save, locked so that no other save writes to it. Removed unless it was renamed.
class Temporary {
 public:
  Temporary(const std::string& target, const std::string& path) : target_(target), path_(path), descriptor_(open()) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!renamed_) ::unlink(path_.c_str());
    ::close(descriptor_);
  }

  void write(std::span<const std::byte> bytes, Flush flush) {
    call("truncate", [&] { return ::ftruncate(descriptor_, 0); });
    while (!bytes.empty()) {
      const ssize_t done =
          call("write", [&] { return ::write(descriptor_, bytes.data(), std::min(bytes.size(), kPiece)); });
      bytes = bytes.subspan(static_cast<size_t>(done));
    }
    if (flush == Flush::yes) call("fsync", [&] { return ::fsync(descriptor_); });
  }

  void rename() {
    call("rename", [&] { return ::rename(path_.c_str(), target_.c_str()); });
    renamed_ = true;
  }

 private:
  template <class Call>
  ssize_t call(std::string_view name, Call&& body) {
    return attempt("write_file", path_, name, descriptor_, std::forward<Call>(body));
  }

  // A lock outlives nothing: a killed process drops it. The file may have been renamed between opening and locking.
  int open() {
    while (true) {
      const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
      const int number = attempt("write_file", path_, "open", -1, [&] { return ::open(path_.c_str(), flags, 0666); });
      try {
        if (lock(number)) return number;
      } catch (...) {
        ::close(number);
        throw;
      }
      ::close(number);
    }
  }
  bool lock(int number) const {
    attempt("write_file", path_, "lock", number, [&] { return ::flock(number, LOCK_EX | LOCK_NB); });
    struct stat held {
    }, named{};
    attempt("write_file", path_, "stat", number, [&] { return ::fstat(number, &held); });
    return ::stat(path_.c_str(), &named) == 0 && identity(held) == identity(named);
  }
  std::string target_, path_;
  int descriptor_;
  bool renamed_ = false;
};

void flush_folder(const std::string& target) {
  const std::string parent = std::filesystem::path(target).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  const Descriptor descriptor(attempt("write_file", target, "open folder", -1,
                                      [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  attempt("write_file", target, "fsync folder", descriptor.get(), [&] { return ::fsync(descriptor.get()); });
}

}  // namespace

namespace detail {
void set_file_fault(FileFault fault) { file_fault() = std::move(fault); }
}  // namespace detail

FileStart read_start(std::string_view path, size_t count) {
  const std::string name = checked_path("read_file", path);
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // a pipe must not block before it is refused
  const Descriptor descriptor(attempt("read_file", name, "open", -1, [&] { return ::open(name.c_str(), flags); }));
  struct stat status {};
  attempt("read_file", name, "stat", descriptor.get(), [&] { return ::fstat(descriptor.get(), &status); });
  if (!S_ISREG(status.st_mode)) throw FileError(fmt::format("read_file: {}: is not a regular file", name));
  const size_t size = static_cast<size_t>(status.st_size), memory = machine_memory();
  if (std::min(count, size) > memory)
    throw FileError(fmt::format("read_file: {}: has {} bytes; this machine's memory is {}", name, size, memory));
  std::vector<std::byte> bytes(std::min(count, size));
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = attempt("read_file", name, "read", descriptor.get(),
                                [&] { return ::read(descriptor.get(), bytes.data() + filled, bytes.size() - filled); });
    if (got == 0) throw FileError(fmt::format("read_file: {}: ends at byte {} of {}", name, filled, bytes.size()));
    filled += static_cast<size_t>(got);
  }
  return {std::move(bytes), size};
}

std::vector<std::byte> read_file(std::string_view path) { return read_start(path, SIZE_MAX).bytes; }

void write_file(std::string_view path, std::span<const std::byte> bytes, Flush flush) {
  const std::string target = target_of(checked_path("write_file", path));
  Temporary temporary(target, target + ".tmp");
  temporary.write(bytes, flush);
  temporary.rename();
  if (flush == Flush::yes) flush_folder(target);
}

}  // namespace fovea
