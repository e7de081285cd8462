// The checksum is computed with zeros in its own place and then written there.
#include <fmt/format.h>
#include <fovea/core/checkpoint.h>
#include <fovea/core/file.h>
#include <fovea/core/internal/safetensors_header.h>

#include <algorithm>
#include <cstring>

namespace fovea {
namespace {

constexpr std::string_view kChecksumKey = "fovea.checksum";
constexpr size_t kDigits = 16;
constexpr size_t kReadWhole = size_t{1} << 20;

// h <- mix(h xor word) over 8-byte words, the last one filled with zeros, after the length. Both the product with an
// odd number and the shifted xor can be undone, so two inputs that differ in one word never meet again.
class Hash {
 public:
  explicit Hash(uint64_t length) { take(length); }
  void take(uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15;
    state_ ^= state_ >> 32;
  }
  std::string digits() const { return fmt::format("{:016x}", state_); }

 private:
  uint64_t state_ = 0;
};

std::string hash_of(std::span<const std::byte> bytes) {
  Hash hash(bytes.size());
  for (size_t at = 0; at < bytes.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<size_t>(8, bytes.size() - at));
    hash.take(word);
  }
  return hash.digits();
}

// The digits' place in a file; empty if there is none. A quote inside a JSON text is escaped, so only the key itself
// looks like this.
std::span<std::byte> digits_in(std::span<std::byte> bytes) {
  const std::string mark = fmt::format("\"{}\":\"", kChecksumKey);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t at = text.find(mark);
  if (at == text.npos || text.size() - at - mark.size() < kDigits) return {};
  return bytes.subspan(at + mark.size(), kDigits);
}

// Puts zeros for the digits, computes the checksum, puts `digits` (the checksum itself if empty) there.
std::string seal(std::span<std::byte> bytes, std::span<std::byte> place, std::string_view digits = {}) {
  std::fill(place.begin(), place.end(), std::byte{'0'});
  std::string checksum = hash_of(bytes);
  std::memcpy(place.data(), digits.empty() ? checksum.data() : digits.data(), kDigits);
  return checksum;
}

std::vector<std::byte> sealed(const NamedTensors& tensors, Metadata metadata, std::string* checksum) {
  if (!metadata.emplace(kChecksumKey, std::string(kDigits, '0')).second)
    throw ValueError(fmt::format("save_checkpoint: the metadata key \"{}\" is reserved", kChecksumKey));
  std::vector<std::byte> bytes = serialize_safetensors(tensors, metadata);
  *checksum = seal(bytes, digits_in(bytes));
  return bytes;
}

SafetensorsFile open_sealed(std::span<std::byte> bytes, std::string_view name) {
  const std::span<std::byte> place = digits_in(bytes);
  if (place.empty())
    throw FileError(
        fmt::format("checkpoint: {}: has no \"{}\"; it is corrupt or not a checkpoint of fovea", name, kChecksumKey));
  const std::string stored(reinterpret_cast<const char*>(place.data()), kDigits);
  const std::string actual = seal(bytes, place, stored);
  if (actual != stored)
    throw FileError(
        fmt::format("checkpoint: {}: is corrupt: its checksum is {}, its bytes give {}", name, stored, actual));
  SafetensorsFile file = parse_safetensors(bytes, name);
  const auto entry = file.metadata.find(std::string(kChecksumKey));
  if (entry == file.metadata.end() || entry->second != stored)
    throw FileError(fmt::format("checkpoint: {}: its checksum is not in its metadata", name));
  file.metadata.erase(entry);
  return file;
}

}  // namespace

SafetensorsFile parse_checkpoint(std::span<const std::byte> bytes, std::string_view name) {
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  return open_sealed(copy, name);
}

std::vector<std::byte> serialize_checkpoint(const NamedTensors& tensors, const Metadata& metadata) {
  std::string checksum;
  return sealed(tensors, metadata, &checksum);
}

std::string checkpoint_hash(const NamedTensors& tensors, const Metadata& metadata) {
  std::string checksum;
  sealed(tensors, metadata, &checksum);
  return checksum;
}

SafetensorsFile load_checkpoint(std::string_view path) {
  // A small file is read whole, so that damage is called damage; a large one first has to be as long as it says.
  if (read_start(path, 0).file_size > kReadWhole) detail::check_safetensors_header(path);
  std::vector<std::byte> bytes = read_file(path);
  return open_sealed(bytes, path);
}

void save_checkpoint(std::string_view path, const NamedTensors& tensors, const Metadata& metadata) {
  write_file(path, serialize_checkpoint(tensors, metadata));
}

}  // namespace fovea
