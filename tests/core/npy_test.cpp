#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/npy.h>
#include <tests/catch.h>
#include <tests/core/files.h>
#include <tests/data_file.h>

namespace fovea {
namespace {

using test::contains;
using test::npy_bytes;

void refuses(const test::Bytes& bytes, const std::string& rule) {
  CHECK_THROWS_AS(parse_npy(bytes, "x.npy"), FileError);
  CHECK_THROWS_WITH(parse_npy(bytes, "x.npy"), contains("x.npy: byte ") && contains(rule));
}
// A header for one f32 tensor with these parts replaced.
std::string header(const std::string& shape, const std::string& descr = "'<f4'", const std::string& order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("npy: what is saved comes back", "[npy]") {
  const test::Folder folder;
  Generator g(1);
  const Tensor tensors[] = {normal({3, 4}, 0, 1, g),
                            normal({2, 3, 4}, 0, 1, g, f64),
                            scalar(3.5),
                            randint({5}, -9, 9, g),
                            bernoulli({2, 2}, 0.5, g, boolean),
                            full({2, 3}, 200, u8),
                            array::transpose(array::to(randint({2, 3}, -9, 9, g), i32), 0, 1),
                            zeros({0}),
                            zeros({3, 0, 2}, i64),
                            array::transpose(normal({3, 4}, 0, 1, g), 0, 1),
                            array::slice(arange(10), 0, 1, 9, 3),
                            zeros({1, 1, 1, 1, 1, 1, 1, 1})};
  for (const Tensor& x : tensors) {
    const std::string path = folder.file("x.npy");
    save_npy(path, x);
    CHECK(test::identical(x, load_npy(path)));
  }
  CHECK(folder.count() == 1);
  CHECK_THROWS_AS(save_npy(folder.file("u.npy"), Tensor()), ValueError);
}

TEST_CASE("npy: files of NumPy", "[npy]") {
  const std::string folder = test::data_file("npy/");
  const Tensor plain = array::reshape(array::to(arange(6), f32), {2, 3});
  CHECK(test::identical(load_npy(folder + "c_order.npy"), plain));
  CHECK(test::identical(load_npy(folder + "fortran_order.npy"), plain));
  CHECK(test::identical(load_npy(folder + "version2.npy"), plain));
  CHECK(test::identical(load_npy(folder + "version3.npy"), plain));
  CHECK(test::identical(load_npy(folder + "scalar.npy"), scalar(2.5, f64)));
  CHECK(test::identical(load_npy(folder + "bools.npy"), tensor({true, false, true})));
  CHECK(test::identical(load_npy(folder + "bytes.npy"), from(std::vector<uint8_t>{0, 1, 255}, {1, 3})));
  CHECK(test::identical(load_npy(folder + "ids.npy"), from(std::vector<int32_t>{INT32_MIN, 7, INT32_MAX}, {3})));
  CHECK_THROWS_WITH(load_npy(folder + "object.npy"), contains("object arrays"));
  CHECK_THROWS_WITH(load_npy(folder + "half.npy"), contains("not supported"));
  CHECK_THROWS_WITH(load_npy(folder + "big_endian.npy"), contains("big-endian"));
  CHECK_THROWS_WITH(load_npy(folder + "structured.npy"), contains("structured"));
}

TEST_CASE("npy: headers that are legal though unusual", "[npy]") {
  CHECK(parse_npy(npy_bytes(header("(2, )"), 8), "x").shape() == Shape{2});
  CHECK(parse_npy(npy_bytes("{\"shape\":(1,2),'descr':\"<f4\",'fortran_order':True}", 8), "x").shape() == Shape{1, 2});
  CHECK(parse_npy(npy_bytes(header("()"), 4), "x").dim() == 0);
  CHECK(parse_npy(npy_bytes(header("(0, 5)")), "x").numel() == 0);
}

TEST_CASE("npy: every broken rule is named", "[npy]") {
  const std::string good = header("(2,)");
  refuses(test::bytes_of(""), "ends inside");
  refuses(test::bytes_of("\x93NUMPX\x01" + std::string(20, ' ')), "not an npy file");
  for (const char version : {'\0', '\4'}) {
    test::Bytes bytes = npy_bytes(good, 8);
    bytes[6] = static_cast<std::byte>(version);
    refuses(bytes, "need 1.0, 2.0 or 3.0");
  }
  test::Bytes minor = npy_bytes(good, 8);
  minor[7] = std::byte{1};
  refuses(minor, "version 1.1");
  test::Bytes longer = npy_bytes(good);
  longer[9] = std::byte{255};
  refuses(longer, "ends after the file");
  test::Bytes second = npy_bytes("", 0);
  second[6] = std::byte{2};
  refuses(second, "ends inside the header's length");

  refuses(npy_bytes(""), "'{' is expected");
  refuses(npy_bytes("{}"), "lacks one of the keys");
  refuses(npy_bytes("{'descr': '<f4', 'shape': (2,)}", 8), "lacks one of the keys");
  refuses(npy_bytes(good + "x", 8), "goes on after its closing brace");
  refuses(npy_bytes("{'descr': '<f4', 'descr': '<f4'}"), "unknown or comes twice");
  refuses(npy_bytes("{'other': 1}"), "unknown or comes twice");
  refuses(npy_bytes("{'descr' '<f4'}"), "':' is expected");
  refuses(npy_bytes("{'descr': '<f4' 'shape': ()}"), "'}' is expected");
  refuses(npy_bytes("{descr: '<f4'}"), "a string is expected");
  refuses(npy_bytes("{'descr: <f4}"), "does not end");
  refuses(npy_bytes(header("()", "'<\\f4'")), "escape");
  refuses(npy_bytes(header("()", "'<f2'")), "not supported");
  refuses(npy_bytes(header("()", "'<f4'", "None")), "neither True nor False");
  refuses(npy_bytes(header("(2)"), 8), "needs a comma");
  refuses(npy_bytes(header("(2 3)"), 8), "needs a comma");
  refuses(npy_bytes(header("(1, 2 3)"), 8), "')' is expected");
  refuses(npy_bytes(header("(-2,)"), 8), "not a number from 0");
  refuses(npy_bytes(header("(99999999999999999999,)"), 8), "not a number from 0");
  refuses(npy_bytes(header("(1,1,1,1,1,1,1,1,1)"), 4), "more than 8 sizes");

  // Shape against file size: overflow, also where a size of zero hides it.
  refuses(npy_bytes(header("(2,)"), 4), "needs 8 bytes of data; the file has 4");
  refuses(npy_bytes(header("(2,)"), 12), "the file has 12");
  refuses(npy_bytes(header("(4611686018427387904, 4)")), "too many");
  refuses(npy_bytes(header("(0, 4611686018427387904, 4611686018427387904)")), "too many");
  refuses(npy_bytes(header("(9223372036854775807,)")), "too many");
  test::Bytes bools = npy_bytes(header("(2,)", "'|b1'"), 2);
  bools.back() = std::byte{2};
  refuses(bools, "neither 0 nor 1");
}

TEST_CASE("npy: no truncation loads", "[npy]") {
  const test::Bytes bytes = serialize_npy(arange(20));
  for (size_t size = 0; size < bytes.size(); ++size)
    CHECK_THROWS_AS(parse_npy(std::span(bytes).first(size), "x.npy"), FileError);
}

}  // namespace fovea
