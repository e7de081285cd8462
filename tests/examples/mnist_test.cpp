// MNIST's files: small ones that the test makes are read as they are, wrong ones refused with file and byte.
#include "examples/common/mnist.h"

#include <fovea/core/error.h>

#include "tests/catch.h"
#include "tests/examples/idx_bytes.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using test::contains;
using test::idx;
using test::put;
using test::Scratch;

// Image i is all i, but for its first pixel, 255.
std::string images(int count, uint32_t side = 28) {
  std::string pixels;
  for (int i = 0; i < count; ++i) pixels += '\xFF' + std::string(side * side - 1, static_cast<char>(i));
  return idx(8, {static_cast<uint32_t>(count), side, side}, pixels);
}

std::string labels(const std::string& digits) { return idx(8, {static_cast<uint32_t>(digits.size())}, digits); }

Digits read(const std::string& label_file, const std::string& image_file, const std::string& part = "t10k") {
  const Scratch scratch;
  if (!label_file.empty()) put(scratch / "mnist/t10k-labels-idx1-ubyte.gz", label_file);
  if (!image_file.empty()) put(scratch / "mnist/t10k-images-idx3-ubyte.gz", image_file);
  CommandLine line({.name = "digits", .description = "test", .uses_data = true}, {});
  const std::string folder = scratch.path().string();
  const char* words[] = {"digits", "--data", folder.c_str()};
  REQUIRE(line.parse(3, words));
  return read_mnist(line, part);
}

TEST_CASE("MNIST is read as its files have it, and rows of it are batches", "[mnist]") {
  const Digits digits = read(labels({7, 0, 9}), images(3));
  CHECK(digits.images.dtype() == u8);
  CHECK(digits.images.shape() == Shape{3, 28, 28});
  CHECK(equal(digits.labels, tensor({7, 0, 9})));
  const Tensor rows = tensor({2, 0});
  const Tensor batch = images_at(digits, rows);
  CHECK(batch.dtype() == f32);
  REQUIRE(batch.shape() == Shape{2, 1, 28, 28});
  CHECK(batch.at<float>({0, 0, 0, 0}) == 1);
  CHECK(batch.at<float>({0, 0, 27, 27}) == 2.F / 255);
  CHECK(batch.at<float>({1, 0, 0, 1}) == 0);
  CHECK(equal(labels_at(digits, rows), tensor({9, 7})));
}

TEST_CASE("files that are not MNIST's are refused with file and byte", "[mnist]") {
  const auto refused = [](const std::string& label_file, const std::string& image_file, const char* file,
                          const char* rule) {
    CAPTURE(rule);
    CHECK_THROWS_AS(read(label_file, image_file), FileError);
    CHECK_THROWS_WITH(read(label_file, image_file), contains(file) && contains(rule));
  };
  refused(labels({7, 10, 9}), images(3), "t10k-labels", "byte 9: label 10; need 0 to 9");
  refused(labels({7, 0, '\xFF'}), images(3), "t10k-labels", "byte 10: label 255");
  refused(labels(""), images(0), "t10k-labels", "byte 4: size 0; need at least 1");
  refused(labels({7, 0}), images(3), "t10k-images", "byte 4: size 3 of dimension 0; need 2");
  refused(labels({7, 0, 9}), images(3, 27), "t10k-images", "byte 8: size 27 of dimension 1; need 28");
  refused(labels({7, 0, 9}), images(3).substr(0, 999), "t10k-images", "byte 16: the file is not as long");
  refused(images(3), images(3), "t10k-labels", "byte 0: begins with 0x00000803");
  refused("", images(3), "t10k-labels", "--data");
  refused(labels({7}), "", "t10k-images", "--data");
  CHECK_THROWS_WITH(read(labels({7}), images(1), "train"), contains("train-labels"));
}

}  // namespace
}  // namespace fovea::examples
