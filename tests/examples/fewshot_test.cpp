// IDX files, packed and not, and what is wrong with them; Omniglot's; episodes.
#include <fovea/core/allocator.h>
#include <tests/catch.h>
#include <tests/scratch.h>
#include <zlib.h>

#include <fstream>
#include <set>

#include "examples/fewshot/episodes.h"
#include "examples/fewshot/learner.h"
#include "examples/fewshot/omniglot.h"
#include "tests/examples/idx_bytes.h"

using namespace fovea;
using namespace fovea::examples;
using fovea::test::big_endian;
using fovea::test::contains;
using fovea::test::idx;
using fovea::test::put;
using fovea::test::Scratch;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_packed(const std::filesystem::path& file, const std::string& bytes) {
  const gzFile out = gzopen(file.c_str(), "wb");
  REQUIRE(gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  REQUIRE(gzclose(out) == Z_OK);
}

// What is said; until then at most so many bytes of tensors were taken.
std::string refusal(const std::filesystem::path& file, DType dtype, const Shape& sizes, int64_t most = 0) {
  reset_peak_memory();
  const int64_t before = memory_stats().live_bytes;
  try {
    read_idx(file, dtype, sizes);
  } catch (const FileError& error) {
    REQUIRE(memory_stats().peak_bytes - before <= most);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("IDX files are read, packed or not, bytes and numbers of 16 and 32 bits", "[idx]") {
  const Scratch folder;
  const std::string elements("\x00\x01\x02\xfe\xff\x05", 6);
  put(folder / "plain", idx(8, {2, 3}, elements));
  put_packed(folder / "packed.gz", idx(8, {2, 3}, elements));
  for (const std::string name : {"plain", "packed.gz"}) {
    const Tensor x = read_idx(folder / name, u8, {2, -1});
    REQUIRE(x.dtype() == u8);
    REQUIRE(equal(to(x, i64), reshape(tensor({0, 1, 2, 254, 255, 5}), {2, 3})));
  }
  put(folder / "short", idx(11, {3}, elements));
  REQUIRE(equal(to(read_idx(folder / "short", i32, {-1}), i64), tensor({1, 0x2fe, -251})));
  put_packed(folder / "int", idx(12, {1}, big_endian(0x80000001)));
  REQUIRE(read_idx(folder / "int", i32, {1}).at<int64_t>({0}) == -0x7fffffff);
  put(folder / "none", idx(8, {0, 28, 28}, ""));
  REQUIRE(read_idx(folder / "none", u8, {-1, 28, 28}).shape() == Shape{0, 28, 28});
  const std::string many(100000, '\7');
  put_packed(folder / "many", idx(8, {100000}, many));
  REQUIRE(sum(to(read_idx(folder / "many", u8, {-1}), i64)).item() == 700000);
}

TEST_CASE("an IDX file that is not what it says is refused, with the byte, before memory is taken", "[idx]") {
  const Scratch folder;
  const std::string good = idx(8, {2, 3}, "abcdef");
  const auto refused = [&](const std::string& bytes, const std::string& at, DType dtype = u8,
                           const Shape& sizes = {-1, -1}) {
    put(folder / "plain", bytes);
    const std::string plain = refusal(folder / "plain", dtype, sizes);
    INFO(plain);
    REQUIRE_THAT(plain, contains((folder / "plain").string()) && contains(at));
    put_packed(folder / "packed", bytes);
    const std::string packed = refusal(folder / "packed", dtype, sizes);
    INFO(packed);
    REQUIRE_THAT(packed, contains((folder / "packed").string()) && contains(at));
  };
  refused(good.substr(0, 3), "byte 3");
  refused(good.substr(0, 7), "byte 7");
  refused(good.substr(0, 14), "byte 12");
  refused(good + "g", "byte 12");
  refused(idx(8, {0x7fffffff, 0x7fffffff}, "abc"), "byte 12");
  refused(idx(8, {0xffffffff, 0xffffffff, 0xffffffff}, "abc"), "byte 16", u8, {-1, -1, -1});
  refused(good, "byte 0: begins with 0x00000802", u8, {-1});
  refused(good, "byte 0", i32);
  refused(idx(13, {1, 1}, "abcd"), "byte 0");
  refused("\1" + good.substr(1), "byte 0");
  refused(good, "byte 4: size 2 of dimension 0; need 3", u8, {3, -1});
  refused(good, "byte 8: size 3 of dimension 1; need 28", u8, {2, 28});
  REQUIRE_THROWS_AS(read_idx(folder / "nowhere", u8, {-1}), FileError);
  REQUIRE_THROWS_AS(read_idx(folder / "plain", f32, {-1}), DTypeError);
}

TEST_CASE("a damaged gzip file is refused wherever the damage is", "[idx]") {
  const Scratch folder;
  std::string elements;
  for (int i = 0; i < 5000; ++i) elements += static_cast<char>(i * i % 251);
  put_packed(folder / "good", idx(8, {5000}, elements));
  const std::string whole = bytes_of(folder / "good");
  REQUIRE(refusal(folder / "good", u8, {5000}, 8192).empty());
  for (size_t cut = 2; cut < whole.size(); cut += 97) {
    INFO("cut after " << cut);
    put(folder / "cut", whole.substr(0, cut));
    REQUIRE(!refusal(folder / "cut", u8, {5000}).empty());
  }
  for (size_t at = 20; at < whole.size(); at += 61) {
    INFO("changed at " << at);
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 0x55);
    put(folder / "changed", other);
    REQUIRE(!refusal(folder / "changed", u8, {5000}, 8192).empty());
  }
  put(folder / "more", whole + "more");
  REQUIRE(!refusal(folder / "more", u8, {5000}, 8192).empty());
}

TEST_CASE("characters are turned by right angles, four times to where they were", "[fewshot]") {
  const Tensor x = reshape(tensor({1, 2, 3, 4}), {1, 1, 2, 2});
  const Tensor all = with_rotations(x);
  REQUIRE(equal(all, reshape(tensor({1, 2, 3, 4, 3, 1, 4, 2, 4, 3, 2, 1, 2, 4, 1, 3}), {4, 1, 2, 2})));
  Generator generator(1);
  const Tensor bytes = to(randint({3, 2, 28, 28}, 0, 256, generator), u8), turned = with_rotations(bytes);
  REQUIRE(turned.shape() == Shape{12, 2, 28, 28});
  REQUIRE(equal(contiguous(slice(with_rotations(slice(turned, 0, 9, 12)), 0, 3, 6)), bytes));
  const Tensor image = images_of(bytes, tensor({5}));
  REQUIRE(image.shape() == Shape{1, 1, 28, 28});
  REQUIRE(image.at({0, 0, 3, 4}) == Approx(static_cast<double>(bytes.at<int64_t>({2, 1, 3, 4})) / 255));
}

TEST_CASE("an episode asks for a drawing that it has not shown, of a character that it has", "[fewshot]") {
  Generator generator(4);
  const EpisodeSizes sizes{.labels = 6, .ways = 4, .shots = 2, .questions = 1, .batch = 200};
  const auto [drawing, label] = draw_episodes(9, 5, sizes, generator);
  REQUIRE(drawing.shape() == Shape{200, 9});
  std::set<int64_t> labels_asked, places;
  for (int64_t b = 0; b < 200; ++b) {
    std::set<int64_t> drawings;
    std::vector<std::set<int64_t>> characters_of(6);
    std::vector<int64_t> count(6);
    for (int64_t t = 0; t < 9; ++t) {
      const int64_t d = drawing.at<int64_t>({b, t}), l = label.at<int64_t>({b, t});
      REQUIRE((d >= 0 && d < 45 && l >= 0 && l < 6));
      REQUIRE(drawings.insert(d).second);
      characters_of[static_cast<size_t>(l)].insert(d / 5);
      if (t < 8) ++count[static_cast<size_t>(l)];
      if (t < 8 && l == label.at<int64_t>({b, 8})) places.insert(t);
    }
    std::set<int64_t> characters;
    for (size_t l = 0; l < 6; ++l) {
      REQUIRE(characters_of[l].size() <= 1);
      REQUIRE((count[l] == 0 || count[l] == 2));
      characters.insert(characters_of[l].begin(), characters_of[l].end());
    }
    REQUIRE(characters.size() == 4);
    labels_asked.insert(label.at<int64_t>({b, 8}));
  }
  REQUIRE(labels_asked.size() == 6);
  REQUIRE(places.size() == 8);  // in random order
}

TEST_CASE("what is asked is not told, and a question knows nothing of the others", "[fewshot]") {
  for (const bool snail : {true, false}) {
    Generator generator(2);
    const FewShotOptions sizes{.labels = 3, .examples = 6, .channels = 4, .filters = 5};
    const Box<FewShotLearner> learner = snail ? Box<FewShotLearner>(SnailLearner(sizes, generator))
                                              : Box<FewShotLearner>(LstmLearner(sizes, generator));
    auto [drawing, label] =
        draw_episodes(4, 3, {.labels = 3, .ways = 3, .shots = 2, .questions = 2, .batch = 5}, generator);
    const Tensor features = uniform({12, 4}, -1, 1, generator), y = (*learner)(features, drawing, label, 2);
    REQUIRE(y.shape() == Shape{5, 2, 3});
    Tensor other = label.clone();
    slice(other, 1, 6).fill_(1);
    REQUIRE(equal((*learner)(features, drawing, other, 2), y));
    const Tensor second = cat({slice(drawing, 1, 0, 6), slice(drawing, 1, 7)}, 1);
    REQUIRE(allclose((*learner)(features, second, slice(label, 1, 0, 7), 1), slice(y, 1, 1), 1e-5, 1e-6));
    select(other, 1, 0).fill_(1), select(other, 1, 1).fill_(2);
    REQUIRE(!equal((*learner)(features, drawing, other, 2), y));
  }
}

TEST_CASE("a moved drawing has its ink elsewhere, by whole pixels, and nothing beside it") {
  Generator generator(5);
  Tensor images = zeros({60, 1, 9, 9});
  slice(slice(images, 2, 3, 5), 3, 4, 5).fill_(1);  // two pixels, far enough from every side
  const Tensor by_two = moved(images, 2, generator);
  std::set<int64_t> places;
  for (int64_t i = 0; i < 60; ++i) {
    const Tensor one = select(by_two, 0, i);
    CHECK(sum(one).item() == 2);
    const int64_t first = argmax(flatten(one), 0).item<int64_t>();
    CHECK(flatten(one).at({first + 9}) == 1);
    CHECK(std::abs(first / 9 - 3) <= 2);
    CHECK(std::abs(first % 9 - 4) <= 2);
    places.insert(first);
  }
  CHECK(places.size() > 12);  // of 25
  CHECK(equal(moved(images, 0, generator), images));
}
