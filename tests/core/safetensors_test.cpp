#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/safetensors.h>
#include <tests/catch.h>
#include <tests/core/files.h>
#include <tests/data_file.h>

namespace fovea {
namespace {

using test::contains;
using test::safetensors_bytes;

void refuses(const test::Bytes& bytes, const std::string& rule) {
  CHECK_THROWS_AS(parse_safetensors(bytes, "x.st"), FileError);
  CHECK_THROWS_WITH(parse_safetensors(bytes, "x.st"), contains("x.st: byte ") && contains(rule));
}
// One tensor "a" whose entry holds this text.
void refuses_entry(const std::string& entry, size_t data_bytes, const std::string& rule) {
  refuses(safetensors_bytes("{\"a\":{" + entry + "}}", data_bytes), rule);
}
std::string entry(const std::string& name, const std::string& shape, int64_t begin, int64_t end,
                  const std::string& type = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace

TEST_CASE("safetensors: what is saved comes back, in order", "[safetensors]") {
  const test::Folder folder;
  Generator g(1);
  const NamedTensors tensors = {{"z flags", bernoulli({3}, 0.5, g, boolean)},
                                {"weight", normal({3, 4}, 0, 1, g)},
                                {"", scalar(1.5, f64)},
                                {"empty", zeros({0, 4})},
                                {"steps", arange(7)},
                                {"quote \" \\ \n \u00e9", array::transpose(normal({2, 3}, 0, 1, g, f64), 0, 1)}};
  const Metadata metadata = {{"format", "pt"}, {"", "tab\t"}};
  const std::string path = folder.file("x.safetensors");
  save_safetensors(path, tensors, metadata);
  const SafetensorsFile file = load_safetensors(path);
  CHECK(test::identical(file.tensors, tensors));
  CHECK(file.metadata == metadata);
  CHECK(test::identical(parse_safetensors(serialize_safetensors({}), "x").tensors, NamedTensors{}));
}

TEST_CASE("safetensors: data are aligned and the header padded", "[safetensors]") {
  const test::Bytes bytes = serialize_safetensors({{"flag", tensor({true})}, {"a", scalar(1)}, {"b", scalar(2, f64)}});
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  const std::string header(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  CHECK_THAT(header, contains("\"flag\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[12,13]}"));
  CHECK_THAT(header, contains("\"b\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}"));
}

TEST_CASE("safetensors: names and metadata that cannot be written", "[safetensors]") {
  const Tensor x = scalar(1);
  CHECK_THROWS_AS(serialize_safetensors({{"a", x}, {"a", x}}), ValueError);
  CHECK_THROWS_AS(serialize_safetensors({{"__metadata__", x}}), ValueError);
  CHECK_THROWS_AS(serialize_safetensors({{"a", Tensor()}}), ValueError);
  CHECK_THROWS_AS(serialize_safetensors({{"\xff", x}}), ValueError);
  CHECK_THROWS_AS(serialize_safetensors({}, {{"a", "\xc3"}}), ValueError);
}

TEST_CASE("safetensors: legal though unusual", "[safetensors]") {
  CHECK(parse_safetensors(safetensors_bytes("{}"), "x").tensors.empty());
  CHECK(parse_safetensors(safetensors_bytes("{}   "), "x").tensors.empty());
  CHECK(parse_safetensors(safetensors_bytes("{\"__metadata__\":{}}"), "x").metadata.empty());
  const auto misaligned = parse_safetensors(
      safetensors_bytes("{" + entry("f", "[1]", 0, 1, "BOOL") + "," + entry("a", "[2]", 1, 9) + "} ", 9), "x");
  CHECK(test::identical(misaligned.tensors[1].second, zeros({2})));
  const auto backwards =
      parse_safetensors(safetensors_bytes("{" + entry("b", "[1]", 4, 8) + "," + entry("a", "[]", 0, 4) + "}", 8), "x");
  CHECK(backwards.tensors[0].first == "b");
}

TEST_CASE("safetensors: the header's frame", "[safetensors]") {
  refuses(test::bytes_of("1234567"), "ends inside the header's length");
  refuses(test::bytes_of(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)), "at most 100000000");
  refuses(test::bytes_of(std::string("\3\0\0\0\0\0\0\0{}", 10)), "ends after the file");
  refuses(safetensors_bytes(""), "does not start with '{'");
  refuses(safetensors_bytes(" {}"), "does not start with '{'");
  refuses(safetensors_bytes("{"), "is not JSON");
  refuses(safetensors_bytes("{} x"), "is not JSON");
  refuses(safetensors_bytes("{}{}"), "is not JSON");
  refuses(safetensors_bytes("{\"\xff\":1}"), "is not JSON");
  refuses(safetensors_bytes("{\"\\ud800\":1}"), "is not JSON");
  refuses(safetensors_bytes(std::string("{}\0", 3)), "byte 10: a zero byte");
  refuses(safetensors_bytes("{\"a\":" + std::string(100'000, '[')), "an array is not expected");
}

TEST_CASE("safetensors: keys and values", "[safetensors]") {
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4) + "," + entry("a", "[1]", 4, 8) + "}", 8),
          "\"a\": the name comes twice");
  refuses(safetensors_bytes(R"({"__metadata__":{},"__metadata__":{}})"), "comes twice");
  refuses(safetensors_bytes(R"({"__metadata__":{"a":"b","a":"c"}})"), "a key of __metadata__ comes twice");
  refuses(safetensors_bytes(R"({"__metadata__":{"a":1}})"), "a number is not expected");
  refuses(safetensors_bytes(R"({"__metadata__":{"a":{}}})"), "an object is not expected");
  refuses(safetensors_bytes(R"({"__metadata__":"a"})"), "a string is not expected");
  refuses(safetensors_bytes(R"({"a":null})"), "null is not expected");
  refuses(safetensors_bytes(R"({"a":true})"), "a boolean is not expected");
  refuses(safetensors_bytes(R"({"a":[]})"), "an array is not expected");
  refuses(safetensors_bytes(R"({"a":{}})"), "is missing");
  refuses_entry(R"("dtype":"F32","shape":[])", 4, "is missing");
  refuses_entry(R"("dtype":"F32","dtype":"F32")", 4, "the key is unknown or comes twice");
  refuses_entry(R"("shape":[1],"shape":[1])", 4, "the key is unknown or comes twice");
  refuses_entry(R"("extra":1)", 0, "the key is unknown");
  refuses_entry(R"("dtype":["F32"])", 0, "an array is not expected");
  refuses_entry(R"("shape":"F32")", 0, "a string is not expected");
  refuses_entry(R"("shape":[[1]])", 0, "an array is not expected");
  refuses_entry(R"("shape":[-1])", 0, "a negative number is not expected");
  refuses_entry(R"("shape":[1.0])", 0, "not whole");
  refuses_entry(R"("shape":[9223372036854775808])", 0, "above 2^63 - 1");
  refuses_entry(R"("shape":[1,1,1,1,1,1,1,1,1])", 0, "more than 8 sizes");
  refuses_entry(R"("dtype":"F32","shape":[1],"data_offsets":[0])", 4, "needs two numbers");
  refuses_entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])", 4, "more than two numbers");
  for (const char* type : {"I16", "I8", "U64", "U32", "C64", "F8_E4M3"})
    refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4, type) + "}", 4),
            std::string("the type ") + type + " is not supported");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4, "f32") + "}", 4), "the type does not exist");
}

TEST_CASE("safetensors: shape against offsets against file size", "[safetensors]") {  // mlx#3363, #3409, gguf-tools#25
  refuses(safetensors_bytes("{" + entry("a", "[2]", 0, 4) + "}", 4), "f32[2] needs 8 bytes");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 8) + "}", 8), "f32[1] needs 4 bytes");
  refuses(safetensors_bytes("{" + entry("a", "[2]", 0, 8) + "}", 4), "ends after the file");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4) + "}", 5), "bytes follow the last tensor");
  refuses(safetensors_bytes("{}", 1), "bytes follow the last tensor");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 4, 8) + "}", 8), "a hole before it");
  refuses(safetensors_bytes("{" + entry("a", "[2]", 0, 8) + "," + entry("b", "[2]", 4, 12) + "}", 12), "overlaps");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4) + "," + entry("b", "[1]", 0, 4) + "}", 4), "overlaps");
  refuses(safetensors_bytes("{" + entry("a", "[0]", 4, 0) + "}", 4), "ends before it begins");
  refuses(safetensors_bytes("{" + entry("a", "[1]", 0, 4) + "," + entry("b", "[0]", 4, 2) + "}", 4),
          "ends before it begins");
  // An overflow, seen also where a size of zero would hide it or be divided by.
  refuses(safetensors_bytes("{" + entry("a", "[4611686018427387904,4]", 0, 0) + "}"), "too many");
  refuses(safetensors_bytes("{" + entry("a", "[4294967296,4294967296,4294967296]", 0, 0) + "}"), "too many");
  refuses(safetensors_bytes("{" + entry("a", "[0,4611686018427387904,4611686018427387904]", 0, 0) + "}"), "too many");
  refuses(safetensors_bytes("{" + entry("a", "[9223372036854775807]", 0, 4) + "}", 4), "too many");
  CHECK(parse_safetensors(safetensors_bytes("{" + entry("a", "[3,0,5]", 0, 0) + "}"), "x").tensors[0].second.numel() ==
        0);
  test::Bytes bools = safetensors_bytes("{" + entry("a", "[2]", 0, 2, "BOOL") + "}", 2);
  bools.back() = std::byte{2};
  refuses(bools, "\"a\": a bool is neither 0 nor 1");
}

TEST_CASE("safetensors: a file written by a script of NumPy's", "[safetensors]") {
  const SafetensorsFile file = load_safetensors(test::data_file("interop.safetensors"));
  REQUIRE(file.tensors.size() == 7);
  CHECK(test::identical(file.tensors[0].second, array::reshape(array::to(arange(6), f32), {2, 3})));
  CHECK(test::identical(file.tensors[1].second, scalar(2.5, f64)));
  CHECK(test::identical(file.tensors[2].second, tensor({true, false, true})));
  CHECK(test::identical(file.tensors[3].second, tensor<int64_t>({-1, 9007199254740993})));
  CHECK(test::identical(file.tensors[4].second, from(std::vector<uint8_t>{0, 255, 7, 128}, {2, 2})));
  CHECK(test::identical(file.tensors[5].second, from(std::vector<int32_t>{INT32_MIN, INT32_MAX}, {2})));
  CHECK(test::identical(file.tensors[6].second, zeros({0, 3})));
  CHECK(file.metadata == Metadata{{"made by", "NumPy"}});
}

}  // namespace fovea
