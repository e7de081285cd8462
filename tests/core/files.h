// What the tests of file formats share: a folder that goes away, bytes from text, comparison bit by bit.
#pragma once

#include <fovea/core/array.h>
#include <fovea/core/file.h>
#include <fovea/core/internal/file_fault.h>
#include <fovea/core/safetensors.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace fovea::test {

using Bytes = std::vector<std::byte>;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "fovea-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw FileError("mkdtemp: " + name);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  size_t count() const {
    const auto all = std::filesystem::directory_iterator(path_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }

 private:
  std::filesystem::path path_;
};

// What each call of a save or a load meets while this lives (core/file.h's internals).
struct FaultGuard {
  explicit FaultGuard(detail::FileFault fault) { detail::set_file_fault(std::move(fault)); }
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
  ~FaultGuard() { detail::set_file_fault({}); }
};

inline Bytes bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(first, first + text.size());
}

inline void write_raw(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

inline bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  const Tensor x = array::contiguous(a), y = array::contiguous(b);
  return x.numel() == 0 || std::memcmp(x.raw(), y.raw(), static_cast<size_t>(x.numel() * item_size(x.dtype()))) == 0;
}

inline bool identical(const NamedTensors& a, const NamedTensors& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].first != b[i].first || !identical(a[i].second, b[i].second)) return false;
  return true;
}

// A safetensors file with this header and as many zero bytes of data.
inline Bytes safetensors_bytes(std::string_view header, size_t data_bytes = 0) {
  const uint64_t length = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  text.append(header).append(data_bytes, '\0');
  return bytes_of(text);
}

// An npy file of version 1.0 with this header and as many zero bytes of data.
inline Bytes npy_bytes(std::string_view header, size_t data_bytes = 0) {
  std::string text = "\x93NUMPY\x01";
  text.push_back('\0');
  text.push_back(static_cast<char>(header.size() & 0xff));
  text.push_back(static_cast<char>(header.size() >> 8));
  text.append(header).append(data_bytes, '\0');
  return bytes_of(text);
}

}  // namespace fovea::test
