#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/file.h>
#include <fovea/core/internal/byte_count.h>
#include <fovea/core/npy.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace fovea {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they are");

constexpr std::string_view kMagic = "\x93NUMPY";

struct TypeName {
  std::string_view text;
  DType dtype;
};
constexpr TypeName kTypes[] = {{"<f4", f32}, {"<f8", f64}, {"<i8", i64}, {"|b1", boolean}, {"|u1", u8}, {"<i4", i32}};

struct Header {
  std::optional<DType> dtype;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

// Reads the header, a Python dictionary; `begin` is its offset in the file.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, size_t begin, std::string_view name) : text_(text), begin_(begin), name_(name) {}

  Header read() {
    Header header;
    expect('{');
    while (!accept('}')) {
      read_entry(header);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ < text_.size()) fail("the header goes on after its closing brace");
    if (!header.dtype || !header.fortran_order || !header.shape)
      fail("the header lacks one of the keys descr, fortran_order, shape");
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view rule) const {
    throw FileError(fmt::format("npy: {}: byte {}: {}", name_, begin_ + at_, rule));
  }

  void read_entry(Header& header) {
    const std::string_view key = read_string();
    expect(':');
    if (key == "descr" && !header.dtype)
      header.dtype = read_type();
    else if (key == "fortran_order" && !header.fortran_order)
      header.fortran_order = read_bool();
    else if (key == "shape" && !header.shape)
      header.shape = read_shape();
    else
      fail("a key is unknown or comes twice");
  }

  DType read_type() {
    skip_space();
    if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(')) fail("structured types are not supported");
    const std::string_view name = read_string();
    for (const TypeName& type : kTypes)
      if (type.text == name) return type.dtype;
    if (name.find('O') != name.npos) fail("object arrays run code when loaded and are refused");
    if (name.starts_with('>')) fail("big-endian types are not supported; save with astype(x.dtype.newbyteorder('<'))");
    fail("the type is not supported; save one of <f4, <f8, <i8, <i4, |u1, |b1, for example with astype('<f4')");
  }

  bool read_bool() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("fortran_order is neither True nor False");
  }

  Shape read_shape() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      if (shape.rank() == kMaxRank) fail(fmt::format("the shape has more than {} sizes", kMaxRank));
      shape.append(read_size());
      if (accept(',')) continue;
      if (shape.rank() == 1) fail("a tuple of one size needs a comma");
      expect(')');
      break;
    }
    return shape;
  }

  int64_t read_size() {
    skip_space();
    int64_t size = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), size);
    if (error != std::errc() || size < 0) fail("a size is not a number from 0 to 2^63 - 1");
    at_ += static_cast<size_t>(end - first);
    return size;
  }

  std::string_view read_string() {
    skip_space();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) fail("a string is expected here");
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) fail("a string does not end");
    const std::string_view string = text_.substr(at_ + 1, end - at_ - 1);
    if (string.find('\\') != string.npos) fail("a string has an escape");
    at_ = end + 1;
    return string;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}' is expected here", c));
  }

  std::string_view text_;
  size_t begin_;
  std::string_view name_;
  size_t at_ = 0;
};

// Where the header lies: [begin, begin + size).
struct Extent {
  size_t begin, size;
};

// `bytes` are the file's, or only its first ones: it has `file_size`.
Extent header_extent(std::span<const std::byte> bytes, size_t file_size, std::string_view name) {
  const auto fail = [&](size_t at, std::string_view rule) {
    throw FileError(fmt::format("npy: {}: byte {}: {}", name, at, rule));
  };
  if (bytes.size() < 10) fail(bytes.size(), "the file ends inside its first ten bytes");
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    fail(0, "this is not an npy file: \\x93NUMPY is missing");
  const int major = std::to_integer<int>(bytes[6]), minor = std::to_integer<int>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) fail(6, fmt::format("version {}.{}; need 1.0, 2.0 or 3.0", major, minor));
  const size_t begin = major == 1 ? 10 : 12;
  if (bytes.size() < begin) fail(bytes.size(), "the file ends inside the header's length");
  uint32_t size = 0;
  std::memcpy(&size, bytes.data() + 8, begin - 8);
  if (size > file_size - begin) fail(8, fmt::format("a header of {} bytes ends after the file", size));
  return {begin, size};
}

// The header, which `bytes` hold wholly, and what it says against the file's size.
Header checked_header(std::span<const std::byte> bytes, const Extent& extent, size_t file_size, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + extent.begin, extent.size);
  const Header header = HeaderReader(text, extent.begin, name).read();
  const size_t start = extent.begin + extent.size;
  const std::optional<int64_t> count = detail::byte_count(*header.shape, *header.dtype);
  if (!count || static_cast<size_t>(*count) != file_size - start)
    throw FileError(fmt::format("npy: {}: byte {}: {}{} needs {} bytes of data; the file has {}", name, start,
                                name_of(*header.dtype), header.shape->str(),
                                count ? std::to_string(*count) : std::string("too many"), file_size - start));
  return header;
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes, std::string_view name) {
  const Extent extent = header_extent(bytes, bytes.size(), name);
  const Header header = checked_header(bytes, extent, bytes.size(), name);
  const auto [begin, size] = extent;
  const std::span<const std::byte> data = bytes.subspan(begin + size);
  if (*header.dtype == boolean && !std::all_of(data.begin(), data.end(), [](std::byte b) { return b <= std::byte{1}; }))
    throw FileError(fmt::format("npy: {}: byte {}: a bool is neither 0 nor 1", name, begin + size));
  if (!*header.fortran_order) return from_bytes(data.data(), *header.shape, *header.dtype);
  Shape reversed = *header.shape, order = *header.shape;
  for (int i = 0; i < reversed.rank(); ++i) {
    order[i] = reversed.rank() - 1 - i;
    reversed[i] = (*header.shape)[reversed.rank() - 1 - i];
  }
  return array::contiguous(array::permute(from_bytes(data.data(), reversed, *header.dtype), order));
}

std::vector<std::byte> serialize_npy(const Tensor& x) {
  if (!x.defined()) throw ValueError("save_npy: the tensor is undefined");
  const Tensor flat = array::contiguous(x);
  std::string_view type;
  for (const TypeName& known : kTypes)
    if (known.dtype == x.dtype()) type = known.text;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type,
                                   fmt::join(x.shape().begin(), x.shape().end(), ", "), x.dim() == 1 ? "," : "");
  // Spaces, so that the data begin at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');
  const size_t data_bytes = static_cast<size_t>(flat.numel() * item_size(flat.dtype()));
  std::vector<std::byte> bytes(10 + header.size() + data_bytes);
  const char start[] = {1, 0, static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  std::memcpy(bytes.data() + kMagic.size(), start, sizeof(start));
  std::memcpy(bytes.data() + 10, header.data(), header.size());
  if (data_bytes > 0) std::memcpy(bytes.data() + 10 + header.size(), flat.raw(), data_bytes);
  return bytes;
}

// The header and the file's size are looked at before the rest is read.
Tensor load_npy(std::string_view path) {
  const FileStart first = read_start(path, 12);
  const Extent extent = header_extent(first.bytes, first.file_size, path);
  const FileStart start = read_start(path, extent.begin + extent.size);
  if (start.bytes.size() == extent.begin + extent.size) checked_header(start.bytes, extent, start.file_size, path);
  return parse_npy(read_file(path), path);
}
void save_npy(std::string_view path, const Tensor& x) { write_file(path, serialize_npy(x)); }

}  // namespace fovea
