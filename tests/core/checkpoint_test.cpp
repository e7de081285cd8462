#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>
#include <tests/core/files.h>

namespace fovea {
namespace {

using test::contains;

NamedTensors state() {
  Generator g(3);
  return {{"weight", normal({24, 24}, 0, 1, g)},
          {"moment", normal({24, 6}, 0, 1, g, f64)},
          {"step", scalar(12, i64)},
          {"mask", bernoulli({17}, 0.5, g, boolean)}};
}
const Metadata kMetadata = {{"epoch", "3"}, {"a", "before the checksum"}};

}  // namespace

TEST_CASE("checkpoint: what is saved comes back, and any reader of safetensors opens it", "[checkpoint]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  save_checkpoint(path, state(), kMetadata);
  const SafetensorsFile file = load_checkpoint(path);
  CHECK(test::identical(file.tensors, state()));
  CHECK(file.metadata == kMetadata);
  const SafetensorsFile plain = load_safetensors(path);
  CHECK(test::identical(plain.tensors, state()));
  CHECK(plain.metadata.at("fovea.checksum") == checkpoint_hash(state(), kMetadata));
}

TEST_CASE("checkpoint: every truncation and every flipped bit of a 4 KiB file is found", "[checkpoint]") {
  const test::Bytes bytes = serialize_checkpoint(state(), kMetadata);
  REQUIRE(bytes.size() > 3800);
  REQUIRE(bytes.size() < 4600);
  const auto loads = [](std::span<const std::byte> corrupt) {
    try {
      parse_checkpoint(corrupt, "x");
      return true;
    } catch (const FileError&) {
      return false;
    }
  };
  CHECK(loads(bytes));
  size_t missed = 0;
  for (size_t size = 0; size < bytes.size(); ++size) missed += loads(std::span(bytes).first(size)) ? 1 : 0;
  CHECK(missed == 0);
  test::Bytes corrupt = bytes;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    corrupt[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    missed += loads(corrupt) ? 1 : 0;
    corrupt[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
  }
  CHECK(missed == 0);
  corrupt.push_back(std::byte{0});
  CHECK_FALSE(loads(corrupt));
}

TEST_CASE("checkpoint: other damage is found and named", "[checkpoint]") {
  const test::Bytes good = serialize_checkpoint(state());
  const auto message = [](const test::Bytes& bytes) {
    try {
      parse_checkpoint(bytes, "x.st");
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string("loaded");
  };
  CHECK_THAT(message(serialize_safetensors(state())), contains("x.st: has no \"fovea.checksum\""));
  test::Bytes bad = good;
  bad[bad.size() / 2] ^= std::byte{1};
  CHECK_THAT(message(bad), contains("x.st: is corrupt: its checksum is "));
  bad = good;
  std::swap_ranges(bad.end() - 64, bad.end() - 32, bad.end() - 32);
  CHECK_THAT(message(bad), contains("is corrupt"));
  CHECK_THAT(message(test::bytes_of("\"fovea.checksum\":\"0123")), contains("has no"));
  // The same text inside a value is escaped and not taken for the key; inside the data it is not metadata.
  CHECK_THAT(message(serialize_safetensors({}, {{"x", "\"fovea.checksum\":\""}})), contains("has no"));
  int64_t words[5] = {};
  std::memcpy(words, "\"fovea.checksum\":\"0123456789abcdef", 34);
  bad = serialize_safetensors({{"words", from(std::span<const int64_t>(words), {5})}});
  const std::string complaint = message(bad);
  const std::string checksum = complaint.substr(complaint.size() - 16);
  std::memcpy(bad.data() + bad.size() - 40 + 18, checksum.data(), 16);
  CHECK_THAT(message(bad), contains("not in its metadata"));
  CHECK_THROWS_AS(serialize_checkpoint({}, {{"fovea.checksum", "1"}}), ValueError);
}

TEST_CASE("checkpoint: the hash tells states apart", "[checkpoint]") {
  const std::string hash = checkpoint_hash(state(), kMetadata);
  CHECK(hash.size() == 16);
  CHECK(hash == checkpoint_hash(state(), kMetadata));
  CHECK(hash != checkpoint_hash(state()));
  NamedTensors other = state();
  other[0].first = "weighT";
  CHECK(hash != checkpoint_hash(other, kMetadata));
  other = state();
  other[3].second.set({16}, 1 - other[3].second.at({16}));
  CHECK(hash != checkpoint_hash(other, kMetadata));
  CHECK(checkpoint_hash({{"a", tensor({0.0})}}) != checkpoint_hash({{"a", tensor({-0.0})}}));
  CHECK(checkpoint_hash({{"x", arange(4)}}) == "1757a1b109063f13");
}

}  // namespace fovea
