#include "examples/common/idx.h"

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fovea::examples {
namespace {

constexpr uint64_t kMostPacked = 1032;  // bytes that deflate makes of one, at most

// A file's bytes in order, unpacked where it is packed.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& file) : name_(file.string()), content_(read_file(name_)) {
    if (content_.size() < 2 || content_[0] != std::byte{0x1f} || content_[1] != std::byte{0x8b}) return;
    unpack_ = std::make_unique<z_stream>();
    constexpr int window = 15, only_gzip = 16;
    if (inflateInit2(unpack_.get(), window + only_gzip) != Z_OK) throw std::bad_alloc();
  }
  ~Bytes() {
    if (unpack_) inflateEnd(unpack_.get());
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  // Up to `count` bytes; fewer at the end.
  uint64_t read(unsigned char* to, uint64_t count) {
    uint64_t done = 0;
    if (unpack_) {
      while (done < count && !ended_) done += inflate_some(to + done, count - done);
    } else {
      done = std::min(count, content_.size() - taken_);
      std::copy_n(reinterpret_cast<const unsigned char*>(content_.data()) + taken_, done, to);
      taken_ += done;
    }
    at_ += done;
    return done;
  }
  // Whether the whole file has `size` bytes, as far as one can tell before it is unpacked: gzip ends with the size's
  // last 32 bits.
  bool may_have(uint64_t size) const {
    if (!unpack_) return content_.size() == size;
    uint32_t said = 0;
    if (content_.size() < 18) return false;
    for (size_t i = 0; i < 4; ++i)
      said |= static_cast<uint32_t>(content_[content_.size() - 4 + i]) << (8 * static_cast<uint32_t>(i));
    return said == static_cast<uint32_t>(size) && size / kMostPacked <= content_.size();
  }
  bool at_end() {
    unsigned char more;
    return read(&more, 1) == 0 && (!unpack_ || taken_ == content_.size());
  }
  [[noreturn]] void refuse(uint64_t at, const std::string& rule) const {
    throw FileError(fmt::format("idx: {}: byte {}: {}", name_, at, rule));
  }
  uint64_t at() const { return at_; }

 private:
  uint64_t inflate_some(unsigned char* to, uint64_t count) {
    constexpr uint64_t most = 1 << 30;  // zlib counts in 32 bits
    const auto in = static_cast<uInt>(std::min<uint64_t>(content_.size() - taken_, most)),
               out = static_cast<uInt>(std::min(count, most));
    // zlib reads what it calls not const.
    unpack_->next_in = reinterpret_cast<Bytef*>(content_.data()) + taken_, unpack_->avail_in = in;
    unpack_->next_out = to, unpack_->avail_out = out;
    const int state = inflate(unpack_.get(), Z_NO_FLUSH);
    taken_ += in - unpack_->avail_in;
    const uint64_t made = out - unpack_->avail_out;
    if (state == Z_MEM_ERROR) throw std::bad_alloc();
    if (state == Z_BUF_ERROR && taken_ == content_.size()) refuse(at_ + made, "the gzip file is cut short");
    if (state != Z_OK && state != Z_STREAM_END)
      refuse(at_ + made, fmt::format("the gzip file is damaged: {}", unpack_->msg != nullptr ? unpack_->msg : "?"));
    ended_ = state == Z_STREAM_END;
    return made;
  }

  std::string name_;
  std::vector<std::byte> content_;
  std::unique_ptr<z_stream> unpack_{};
  uint64_t taken_ = 0, at_ = 0;  // of what lies in the file; of what was given
  bool ended_ = false;
};

uint32_t big_endian(const unsigned char* b) {
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
}

struct Header {
  Shape sizes;
  int bytes;  // of an element
};

Header read_header(Bytes& file, DType dtype, const Shape& wanted) {
  unsigned char magic[4], size[4];
  if (file.read(magic, 4) < 4) file.refuse(file.at(), "the file ends in its first four bytes");
  const int type = magic[2], bytes = type == 8 ? 1 : type == 11 ? 2 : type == 12 ? 4 : 0;
  if (magic[0] != 0 || magic[1] != 0 || bytes == 0 || (dtype == u8) != (type == 8) || magic[3] != wanted.rank())
    file.refuse(0,
                fmt::format("begins with 0x{:08X}; need {} and {} dimensions", big_endian(magic),
                            dtype == u8 ? "0x000008, bytes," : "0x00000B or 0x00000C, 16 or 32 bits,", wanted.rank()));
  Header header{wanted, bytes};
  for (int d = 0; d < wanted.rank(); ++d) {
    const uint64_t at = file.at();
    if (file.read(size, 4) < 4) file.refuse(file.at(), "the file ends before its sizes do");
    header.sizes[d] = big_endian(size);
    if (wanted[d] >= 0 && header.sizes[d] != wanted[d])
      file.refuse(at, fmt::format("size {} of dimension {}; need {}", header.sizes[d], d, wanted[d]));
  }
  return header;
}

}  // namespace

Tensor read_idx(const std::filesystem::path& file, DType dtype, const Shape& sizes) {
  if (dtype != u8 && dtype != i32)
    throw DTypeError("read_idx: u8 and i32 are read, not " + std::string(name_of(dtype)));
  Bytes content(file);
  const auto [shape, bytes] = read_header(content, dtype, sizes);
  uint64_t total = static_cast<uint64_t>(bytes);
  bool fits = true;
  for (const int64_t size : shape) fits = fits && !__builtin_mul_overflow(total, static_cast<uint64_t>(size), &total);
  if (!fits || !content.may_have(content.at() + total))
    content.refuse(content.at(),
                   fmt::format("the file is not as long as its sizes {} say; is it cut short?", shape.str()));
  Tensor values = empty(shape, dtype);
  auto* to = static_cast<unsigned char*>(values.raw());
  // Narrower elements fill the end first, and are widened from the front.
  const auto count = static_cast<uint64_t>(values.numel()), width = static_cast<uint64_t>(item_size(dtype));
  unsigned char* from = to + count * width - total;
  if (content.read(from, total) < total || !content.at_end())
    content.refuse(content.at(),
                   fmt::format("need {} bytes for the sizes {}, no less and no more", total, shape.str()));
  if (dtype == u8) return values;
  for (uint64_t i = 0; i < count; ++i, from += bytes) {
    const int32_t value =
        bytes == 2 ? static_cast<int16_t>(from[0] << 8 | from[1]) : static_cast<int32_t>(big_endian(from));
    std::copy_n(reinterpret_cast<const unsigned char*>(&value), width, to + i * width);
  }
  return values;
}

}  // namespace fovea::examples
