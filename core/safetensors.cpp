#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/file.h>
#include <fovea/core/internal/byte_count.h>
#include <fovea/core/internal/half.h>
#include <fovea/core/internal/safetensors_header.h>
#include <fovea/core/safetensors.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>

namespace fovea {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they are");

constexpr uint64_t kHeaderLimit = 100'000'000;
constexpr size_t kLengthBytes = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

// A type of files, and ours. Those of 16 bits are no type of tensors: f32 holds what they hold.
struct StoredType {
  std::string_view text;
  DType dtype;
  float (*widen)(uint16_t) = nullptr;
  uint16_t (*narrow)(float) = nullptr;

  int64_t item_size() const { return widen != nullptr ? 2 : fovea::item_size(dtype); }
};
constexpr StoredType kF16{"F16", f32, detail::from_f16, detail::to_f16};
constexpr StoredType kBF16{"BF16", f32, detail::from_bf16, detail::to_bf16};
constexpr StoredType kTypes[] = {{"F32", f32}, {"F64", f64}, {"I64", i64}, {"BOOL", boolean},
                                 {"U8", u8},   {"I32", i32}, kF16,         kBF16};
constexpr std::string_view kForeignTypes[] = {"I16", "I8", "U64", "U32", "U16", "C64", "F8_E4M3", "F8_E5M2", "F8_E8M0"};

struct Entry {
  std::string name;
  const StoredType* type = nullptr;
  std::optional<Shape> shape;
  std::optional<std::vector<uint64_t>> offsets;  // begin, end
};

[[noreturn]] void fail(std::string_view file, size_t at, std::string_view rule) {
  throw FileError(fmt::format("safetensors: {}: byte {}: {}", file, at, rule));
}

// Bytes that count themselves as the parser takes them, so that an error can say where it is.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    ++at;
    ++*count;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }

  const char* at;
  size_t* count;
};

// Follows the events of the JSON parser; a document object model would accept duplicate keys.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  void read() {
    const CountingIterator first{text_.data(), &consumed_}, last{text_.data() + text_.size(), &consumed_};
    nlohmann::json::sax_parse(first, last, this);
  }

  std::vector<Entry> entries;
  Metadata metadata;

  // ---- what nlohmann calls ----
  bool null() { refuse("null"); }
  bool boolean(bool) { refuse("a boolean"); }
  bool number_integer(int64_t) { refuse("a negative number"); }
  bool number_float(double, const std::string&) { refuse("a number that is not whole"); }
  bool binary(std::vector<uint8_t>&) { refuse("binary data"); }

  bool number_unsigned(uint64_t value) {
    if (place_ == Place::shape) {
      Shape& shape = *entries.back().shape;
      if (shape.rank() == kMaxRank) broken(fmt::format("the shape has more than {} sizes", kMaxRank));
      if (value > static_cast<uint64_t>(INT64_MAX)) broken("a size is above 2^63 - 1");
      shape.append(static_cast<int64_t>(value));
    } else if (place_ == Place::offsets) {
      entries.back().offsets->push_back(value);
      if (entries.back().offsets->size() > 2) broken("data_offsets has more than two numbers");
    } else {
      refuse("a number");
    }
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::metadata)
      metadata[key_] = value;
    else if (place_ == Place::entry && key_ == "dtype")
      entries.back().type = type_of(value);
    else
      refuse("a string");
    return true;
  }

  bool start_object(size_t) {
    if (place_ == Place::start) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == kMetadataKey) {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      place_ = Place::entry;
      entries.emplace_back().name = key_;
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(std::string& key) {
    key_ = key;
    if (place_ == Place::top) {
      if (!names_.insert(key).second) broken("the name comes twice");
    } else if (place_ == Place::metadata) {
      if (metadata.contains(key)) broken("a key of __metadata__ comes twice");
      metadata[key];
    } else {
      const Entry& entry = entries.back();
      const bool fresh = (key == "dtype" && entry.type == nullptr) || (key == "shape" && !entry.shape) ||
                         (key == "data_offsets" && !entry.offsets);
      if (!fresh) broken("the key is unknown or comes twice");
    }
    return true;
  }

  bool end_object() {
    if (place_ == Place::entry) {
      const Entry& entry = entries.back();
      key_ = entry.name;
      if (entry.type == nullptr || !entry.shape || !entry.offsets)
        broken("one of dtype, shape, data_offsets is missing");
      if (entry.offsets->size() != 2) broken("data_offsets needs two numbers");
    }
    place_ = place_ == Place::top ? Place::start : Place::top;
    return true;
  }

  bool start_array(size_t) {
    if (place_ != Place::entry || key_ == "dtype") refuse("an array");
    place_ = key_ == "shape" ? Place::shape : Place::offsets;
    if (place_ == Place::shape)
      entries.back().shape.emplace();
    else
      entries.back().offsets.emplace();
    return true;
  }
  bool end_array() {
    place_ = Place::entry;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception& error) {
    const std::string_view reason = error.what();
    fail(file_, kLengthBytes + position,
         fmt::format("the header is not JSON: {}", reason.substr(reason.find("; ") + 2)));
  }

 private:
  enum class Place { start, top, metadata, entry, shape, offsets };

  [[noreturn]] void broken(std::string_view rule) const {
    fail(file_, kLengthBytes + consumed_, key_.empty() ? std::string(rule) : fmt::format("\"{}\": {}", key_, rule));
  }
  [[noreturn]] void refuse(std::string_view what) const { broken(fmt::format("{} is not expected here", what)); }

  const StoredType* type_of(std::string_view name) const {
    for (const StoredType& type : kTypes)
      if (type.text == name) return &type;
    if (std::find(std::begin(kForeignTypes), std::end(kForeignTypes), name) != std::end(kForeignTypes))
      broken(fmt::format("the type {} is not supported; save as F32, F64, F16, BF16, I64, I32, U8 or BOOL", name));
    broken("the type does not exist");
  }

  std::string_view text_, file_;
  size_t consumed_ = 0;
  Place place_ = Place::start;
  std::string key_;
  std::set<std::string> names_;
};

// The header's length, from the first bytes of a file of `file_size`.
size_t header_length(std::span<const std::byte> bytes, size_t file_size, std::string_view file) {
  if (bytes.size() < kLengthBytes) fail(file, bytes.size(), "the file ends inside the header's length");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kHeaderLimit)
    fail(file, 0, fmt::format("a header of {} bytes; at most {} are allowed", length, kHeaderLimit));
  if (length > file_size - kLengthBytes) fail(file, 0, fmt::format("a header of {} bytes ends after the file", length));
  return length;
}

std::string_view header_text(std::span<const std::byte> bytes, size_t length, std::string_view file) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) fail(file, kLengthBytes, "the header does not start with '{'");
  // The parser would take a zero byte for the end.
  const size_t zero = text.find('\0');
  if (zero != text.npos) fail(file, kLengthBytes + zero, "a zero byte in the header");
  return text;
}

// The tensors' bytes follow each other from 0 to the end of the file. `start` is where the data begin.
void check_offsets(const std::vector<Entry>& entries, size_t start, size_t data_bytes, std::string_view file) {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) { return *a->offsets < *b->offsets; });
  uint64_t position = 0;
  for (const Entry* entry : order) {
    const uint64_t begin = (*entry->offsets)[0], end = (*entry->offsets)[1];
    const auto complain = [&](std::string_view rule) {
      fail(file, start + position, fmt::format("\"{}\" [{}, {}): {}", entry->name, begin, end, rule));
    };
    if (end < begin) complain("ends before it begins");
    if (begin > position) complain("there is a hole before it");
    if (begin < position) complain("overlaps the tensor before it");
    if (end > data_bytes) complain("ends after the file");
    const DType dtype = entry->type->dtype;
    const std::optional<int64_t> whole = detail::byte_count(*entry->shape, dtype);
    const int64_t count = whole.value_or(0) / item_size(dtype) * entry->type->item_size();
    if (!whole || static_cast<uint64_t>(count) != end - begin)
      complain(fmt::format("{}{} needs {} bytes", entry->type->widen != nullptr ? entry->type->text : name_of(dtype),
                           entry->shape->str(), whole ? std::to_string(count) : std::string("too many")));
    position = end;
  }
  if (position != data_bytes) fail(file, start + position, "bytes follow the last tensor");
}

// The header, which `bytes` hold wholly, checked against the size of the file.
HeaderReader checked_header(std::span<const std::byte> bytes, size_t file_size, std::string_view file) {
  const std::string_view text = header_text(bytes, header_length(bytes, file_size, file), file);
  HeaderReader header(text, file);
  header.read();
  const size_t start = kLengthBytes + text.size();
  check_offsets(header.entries, start, file_size - start, file);
  return header;
}

const StoredType& stored(DType dtype, StoredFloat floats) {
  if (is_floating(dtype) && floats != StoredFloat::as_is) return floats == StoredFloat::f16 ? kF16 : kBF16;
  return *std::find_if(std::begin(kTypes), std::end(kTypes),
                       [=](const StoredType& type) { return type.dtype == dtype; });
}

std::string json_text(std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw ValueError("save_safetensors: a name or metadata text is not UTF-8");
  }
}

void check_names(const NamedTensors& tensors) {
  std::set<std::string_view> names{kMetadataKey};
  for (const auto& [name, x] : tensors) {
    if (!names.insert(name).second)
      throw ValueError(fmt::format("save_safetensors: the name \"{}\" comes twice or is reserved", name));
    if (!x.defined()) throw ValueError(fmt::format("save_safetensors: \"{}\" is undefined", name));
  }
}

uint64_t bytes_of(const Tensor& x, const StoredType& type) {
  return static_cast<uint64_t>(x.numel() * type.item_size());
}

// Writes the elements at `to`.
void write_elements(std::string_view name, const Tensor& x, const StoredType& type, std::byte* to) {
  if (x.numel() == 0) return;
  if (type.narrow == nullptr) {
    std::memcpy(to, array::contiguous(x).raw(), bytes_of(x, type));
    return;
  }
  const Tensor flat = array::contiguous(array::to(x, f64));
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double value = flat.data<double>()[i];
    const uint16_t half = type.narrow(static_cast<float>(value));
    if (std::isfinite(value) && !std::isfinite(type.widen(half)))
      throw ValueError(fmt::format("save_safetensors: \"{}\": {} is above what {} holds", name, value, type.text));
    std::memcpy(to + 2 * i, &half, 2);
  }
}
Tensor read_elements(const std::byte* from, const Shape& shape, const StoredType& type) {
  if (type.widen == nullptr) return from_bytes(from, shape, type.dtype);
  Tensor x = empty(shape, f32);
  for (int64_t i = 0; i < x.numel(); ++i) {
    uint16_t half = 0;
    std::memcpy(&half, from + 2 * i, 2);
    x.data<float>()[i] = type.widen(half);
  }
  return x;
}

std::string header_of(const NamedTensors& tensors, const std::vector<uint64_t>& offsets, const Metadata& metadata,
                      StoredFloat floats) {
  std::vector<std::string> entries;
  if (!metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : metadata) pairs.push_back(json_text(key) + ":" + json_text(value));
    entries.push_back(fmt::format("\"{}\":{{{}}}", kMetadataKey, fmt::join(pairs, ",")));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, x] = tensors[i];
    const StoredType& type = stored(x.dtype(), floats);
    entries.push_back(fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", json_text(name),
                                  type.text, fmt::join(x.shape().begin(), x.shape().end(), ","), offsets[i],
                                  offsets[i] + bytes_of(x, type)));
  }
  std::string header = fmt::format("{{{}}}", fmt::join(entries, ","));
  header.append((8 - header.size() % 8) % 8, ' ');
  if (header.size() > kHeaderLimit) throw ValueError("save_safetensors: the header is above 100,000,000 bytes");
  return header;
}

}  // namespace

SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name) {
  HeaderReader header = checked_header(bytes, bytes.size(), name);
  const size_t start = kLengthBytes + header_length(bytes, bytes.size(), name);
  const std::span<const std::byte> data = bytes.subspan(start);
  SafetensorsFile file;
  for (const Entry& entry : header.entries) {
    const size_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
    const std::span<const std::byte> part = data.subspan(begin, end - begin);
    if (entry.type->dtype == boolean &&
        !std::all_of(part.begin(), part.end(), [](std::byte b) { return b <= std::byte{1}; }))
      fail(name, start + begin, fmt::format("\"{}\": a bool is neither 0 nor 1", entry.name));
    file.tensors.emplace_back(entry.name, read_elements(part.data(), *entry.shape, *entry.type));
  }
  file.metadata = std::move(header.metadata);
  return file;
}

std::vector<std::byte> serialize_safetensors(const NamedTensors& tensors, const Metadata& metadata,
                                             StoredFloat floats) {
  check_names(tensors);
  const auto type = [&](size_t i) -> const StoredType& { return stored(tensors[i].second.dtype(), floats); };
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return type(a).item_size() > type(b).item_size(); });
  std::vector<uint64_t> offsets(tensors.size());
  uint64_t end = 0;
  for (const size_t i : order) {
    offsets[i] = end;
    end += bytes_of(tensors[i].second, type(i));
  }
  const std::string header = header_of(tensors, offsets, metadata, floats);
  const uint64_t length = header.size();
  std::vector<std::byte> bytes(kLengthBytes + header.size() + end);
  std::memcpy(bytes.data(), &length, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, header.data(), header.size());
  std::byte* data = bytes.data() + kLengthBytes + header.size();
  for (size_t i = 0; i < tensors.size(); ++i)
    write_elements(tensors[i].first, tensors[i].second, type(i), data + offsets[i]);
  return bytes;
}

namespace detail {
void check_safetensors_header(std::string_view path) {
  const FileStart first = read_start(path, kLengthBytes);
  const size_t start = kLengthBytes + header_length(first.bytes, first.file_size, path);
  const FileStart file = read_start(path, start);
  if (file.bytes.size() == start) checked_header(file.bytes, file.file_size, path);
}
}  // namespace detail

SafetensorsFile load_safetensors(std::string_view path) {
  detail::check_safetensors_header(path);
  return parse_safetensors(read_file(path), path);
}

void save_safetensors(std::string_view path, const NamedTensors& tensors, const Metadata& metadata,
                      StoredFloat floats) {
  write_file(path, serialize_safetensors(tensors, metadata, floats));
}

}  // namespace fovea
