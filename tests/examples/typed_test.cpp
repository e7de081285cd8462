// What is typed for --look: numbers, images, and the sequences of copy's tasks.
#include "examples/common/typed.h"

#include <fovea/autograd/ops.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <filesystem>
#include <limits>

#include "examples/adding/recorded.h"
#include "examples/common/image_file.h"
#include "examples/copy/answers.h"
#include "examples/copy/typed.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

struct ImageFile {
  explicit ImageFile(const Tensor& image)
      : path((std::filesystem::temp_directory_path() / ("fovea-typed-" + std::to_string(image.size(2)) + ".png"))
                 .string()) {
    write_image(path, image);
  }
  ~ImageFile() { std::filesystem::remove(path); }
  std::string path;
};

bool same(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && all(eq(a, b)); }

// The sequence that was drawn, typed: vectors of `bits` from step `begin` on.
std::string typed(const Tensor& input, int64_t begin, int64_t count, int64_t bits) {
  std::string text;
  for (int64_t t = begin; t < begin + count; ++t) {
    text += ' ';
    for (int64_t i = 0; i < bits; ++i) text += input.at({0, t, i}) > 0 ? '1' : '0';
  }
  return text;
}

}  // namespace

TEST_CASE("typed words and numbers", "[typed]") {
  CHECK(typed_words(" 0.3, x  0.1* ") == std::vector<std::string>{"0.3", "x", "0.1*"});
  CHECK(typed_numbers("0.5,-1e-1 2") == std::vector<double>{0.5, -0.1, 2});
  for (const char* const bad : {"", " , ", "0.5x", "nan", "inf", "1e999", "--1"}) {
    INFO(bad);
    CHECK_THROWS_AS(typed_numbers(bad), ValueError);
  }
}

TEST_CASE("a typed image lies in the middle, or is made to fit", "[typed]") {
  Tensor small = full({3, 4, 2}, 0.2);
  small.set({0, 1, 0}, 1);
  const ImageFile file(small);
  const Tensor x = typed_image(file.path, 3, 8);
  REQUIRE(x.shape() == Shape{1, 3, 8, 8});
  CHECK(x.at({0, 0, 3, 3}) == 1);  // two rows and three columns from the border
  CHECK(x.at({0, 1, 0, 7}) == Approx(0.2));
  const ImageFile large(cat({zeros({1, 8, 16}), ones({1, 8, 16})}, 1));
  const Tensor y = typed_image(large.path, 1, 4);  // a square of 16 made to fit
  REQUIRE(y.shape() == Shape{1, 1, 4, 4});
  for (int64_t i = 0; i < 4; ++i) CHECK(y.at({0, 0, i, 2}) == (i < 2 ? 0 : 1));
  const Tensor wide = typed_image(ImageFile(full({1, 2, 40}, 1)).path, 1, 10);
  CHECK(wide.at({0, 0, 4, 0}) == Approx(1));
}

TEST_CASE("dark ink on paper becomes light on dark", "[typed]") {
  Tensor ink = zeros({1, 28, 28});
  slice(slice(ink, 1, 6, 20), 2, 10, 14).fill_(1);
  const ImageFile light(ink);
  const Tensor seen = typed_digit(light.path, 28);
  CHECK(same(seen, unsqueeze(ink, 0)));
  const ImageFile paper(1.0 - ink);
  CHECK(same(typed_digit(paper.path, 28), seen));
}

TEST_CASE("typed sequences of copy's tasks are those that are drawn", "[typed]") {
  Generator generator(3);
  const auto agree = [](const Bits& a, const Bits& b) {
    return same(a.input, b.input) && same(a.target, b.target) && a.steps.defined() == b.steps.defined() &&
           (!a.steps.defined() || same(a.steps, b.steps));
  };
  const Bits copied = draw_copy(1, 4, generator);
  CHECK(agree(typed_bits("copy", typed(copied.input, 0, 4, 8)), copied));
  const Bits repeated = draw_twenty_repeats(1, 3, generator);
  CHECK(agree(typed_bits("repeat-copy", typed(repeated.input, 0, 3, 8) + " x20"), repeated));
  const Bits recalled = draw_recall(1, 3, generator);
  std::string items;
  for (int64_t i = 0; i < 3; ++i) items += typed(recalled.input, 4 * i + 1, 3, 6);
  CHECK(agree(typed_bits("recall", items + " ?" + typed(recalled.input, 13, 3, 6)), recalled));
  const Bits sorted = typed_bits("sort", "11110000:-0.5 00001111:0.25 10101010:0");
  CHECK(in_bits(gt(sorted.target, scalar(0.5))) == std::vector<std::string>{"00001111", "10101010"});
  const Bits both = typed_bits("copies", "11110000 | 00001111 10101010");
  CHECK(same(both.steps, tensor({int64_t{2}, int64_t{6}, int64_t{7}})));
  const Bits stored = typed_bits("store", "0011=1010 0101=1111 0011? 0101?");
  CHECK(in_bits(gt(stored.target, scalar(0.5))) == std::vector<std::string>{"1010", "1111"});
  const Bits source = typed_bits("ngrams", "01101001");
  CHECK((source.input.size(1) == 7 && source.target.at({0, 0, 0}) == 1));
}

TEST_CASE("what is no sequence of a task is refused", "[typed]") {
  const std::pair<const char*, const char*> wrong[] = {
      {"copy", "1011"},
      {"copy", "1011001x"},
      {"repeat-copy", "10110010"},
      {"repeat-copy", "x3"},
      {"repeat-copy", "10110010 x0"},
      {"recall", "101010 ? 101010"},
      {"recall", "101010 101010 101010 111111 111111 111111 ? 111111 111111 111111"},  // nothing follows the last one
      {"ngrams", "0110"},
      {"ngrams", "0110100 1"},
      {"sort", "10110010"},
      {"sort", "10110010:x"},
      {"copies", "10110010 |"},
      {"store", "0011=1010"},
      {"store", "0011?"},
      {"store", "0011=10"}};
  for (const auto& [task, text] : wrong) {
    INFO(task << ": " << text);
    CHECK_THROWS_AS(typed_bits(task, text), ValueError);
  }
}

TEST_CASE("typed sequences of the adding problems have the answers of the drawn ones", "[typed]") {
  CHECK(typed_sequence("addition", "0.3 0.5* -0.2 -0.9* 0.1").target.item() == Approx(0.4));
  CHECK(typed_sequence("multiplication", "0.3 0.5* 0.2 0.9* 0.1").target.item() == Approx(0.45));
  CHECK(typed_sequence("largest", "0.3@1.5 -0.7@3.2 0.5@2").target.item() == Approx(-0.7));
  Generator generator(4);
  const Sequences drawn = make_sequences({"recall", 4, 4}, 1, generator);
  std::string text;
  for (const std::string& word : words_of("recall", drawn)) text += word + " ";
  const Sequences again = typed_sequence("recall", text);  // words have two digits of each number
  CHECK(same(slice(again.x, 2, 1), slice(drawn.x, 2, 1)));
  CHECK(again.target.item() == Approx(drawn.target.item()).margin(0.005));
}
