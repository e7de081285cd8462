// Loaders at their limits: the last byte that still fits, where an error is said to be, and files that change while
// they are read or saved.
#include <fovea/core/array.h>
#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <fovea/core/npy.h>
#include <sys/stat.h>
#include <tests/catch.h>
#include <tests/core/files.h>

namespace fovea {
namespace {

using test::bytes_of;
using test::contains;
using test::FaultGuard;

size_t open_descriptors() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

std::string npy_error(const test::Bytes& bytes) {
  try {
    parse_npy(bytes, "x");
  } catch (const FileError& error) {
    return error.what();
  }
  return "loaded";
}
std::string safetensors_error(const test::Bytes& bytes) {
  try {
    parse_safetensors(bytes, "x");
  } catch (const FileError& error) {
    return error.what();
  }
  return "loaded";
}
std::string header(const std::string& shape) {
  return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("npy: data begin at a multiple of 64, whatever the header's length", "[npy]") {
  Shape shape{0};
  for (const int64_t size : {1, 10, 100, 1000, 100000, 1, 1}) {
    shape.append(size);
    const test::Bytes bytes = serialize_npy(zeros(shape));
    CHECK(bytes.size() == 128);
    CHECK(bytes.back() == std::byte{'\n'});
    CHECK(parse_npy(bytes, "x").shape() == shape);
  }
  CHECK(serialize_npy(scalar(1)).size() == 128 + 4);  // the shortest header that NumPy writes
}

TEST_CASE("npy: one byte of data, and none", "[npy]") {
  const test::Bytes one = serialize_npy(tensor({true}));
  CHECK(one.back() == std::byte{1});
  CHECK(test::identical(parse_npy(one, "x"), tensor({true})));
  CHECK(serialize_npy(zeros({0}, boolean)).size() % 64 == 0);
}

TEST_CASE("npy: the frame of ten or twelve bytes, to the byte", "[npy]") {
  const auto frame = [](char version, size_t size) {
    std::string text = std::string("\x93NUMPY") + version;
    text.resize(size, '\0');
    return bytes_of(text);
  };
  CHECK_THAT(npy_error(frame('\1', 9)), contains("byte 9: the file ends inside its first ten bytes"));
  CHECK_THAT(npy_error(frame('\1', 10)), contains("byte 10: '{' is expected"));
  CHECK_THAT(npy_error(frame('\2', 11)), contains("byte 11: the file ends inside the header's length"));
  CHECK_THAT(npy_error(frame('\2', 12)), contains("byte 12: '{' is expected"));
  CHECK_THAT(npy_error(frame('\3', 12)), contains("byte 12: '{' is expected"));
  test::Bytes wide = frame('\2', 12);
  wide[10] = std::byte{1};  // the third byte of a length of four
  CHECK_THAT(npy_error(wide), contains("a header of 65536 bytes ends after the file"));
  test::Bytes whole = test::npy_bytes(header("(0,)"));
  CHECK(npy_error(whole) == "loaded");
  whole[8] = static_cast<std::byte>(std::to_integer<int>(whole[8]) + 1);
  CHECK_THAT(npy_error(whole), contains("byte 8: a header of") && contains("ends after the file"));
  test::Bytes minor = frame('\1', 20);
  minor[7] = std::byte{1};
  CHECK_THAT(npy_error(minor), contains("version 1.1; need"));
}

TEST_CASE("npy: headers that stop anywhere, each error at its byte", "[npy]") {
  const std::string whole = header("(2,)");
  for (size_t size = 0; size + 1 < whole.size(); ++size)
    CHECK_THAT(npy_error(test::npy_bytes(whole.substr(0, size), 8)), contains("npy: x: byte "));
  CHECK(npy_error(test::npy_bytes(whole, 8)) == "loaded");
  CHECK(npy_error(test::npy_bytes(whole + " \n ", 8)) == "loaded");
  CHECK_THAT(npy_error(test::npy_bytes(whole + " x", 8)),
             contains("byte " + std::to_string(10 + whole.size() + 1) + ": the header goes on"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr': \"<f4'", 8)), contains("a string does not end"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr' '<f4'}", 8)), contains("byte 19: ':' is expected"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr': '<f4' 'shape': (2,)}", 8)), contains("byte 26: '}' is expected"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr': '<f4'}", 8)), contains("lacks one of the keys"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr': '<f4', 'shape': (2,)}", 8)), contains("lacks one of the keys"));
  CHECK_THAT(npy_error(test::npy_bytes("{'fortran_order': True, 'shape': (2,)}", 8)),
             contains("lacks one of the keys"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr': '<f4', 'fortran_order': True}", 8)),
             contains("lacks one of the keys"));
  CHECK_THAT(npy_error(test::npy_bytes("{}", 8)), contains("lacks one of the keys"));
  for (const char* twice : {"'descr': '<f4'", "'fortran_order': False", "'shape': (2,)"})
    CHECK_THAT(npy_error(test::npy_bytes("{" + std::string(twice) + ", " + whole.substr(1), 8)),
               contains("comes twice"));
  const std::string eight = "(1, 1, 1, 1, 1, 1, 1, 2)";
  CHECK(npy_error(test::npy_bytes(header(eight), 8)) == "loaded");
}

TEST_CASE("npy: types that are refused, each for its reason", "[npy]") {
  const auto error = [](const std::string& type) {
    return npy_error(test::npy_bytes("{'descr': " + type + ", 'fortran_order': False, 'shape': ()}", 4));
  };
  CHECK(error("'<f4'") == "loaded");
  CHECK_THAT(error("[('a', '<f4')]"), contains("structured types are not supported"));
  CHECK_THAT(error("('<f4', (2,))"), contains("structured types are not supported"));
  CHECK_THAT(error("f4"), contains("a string is expected"));
  CHECK_THAT(error("'|O'"), contains("object arrays"));
  CHECK_THAT(error("'>f4'"), contains("big-endian"));
  CHECK_THAT(error("'<f2'"), contains("the type is not supported"));
  CHECK_THAT(npy_error(test::npy_bytes("{'descr':")), contains("a string is expected"));
}

TEST_CASE("npy: columns first, in three dimensions", "[npy]") {
  test::Bytes bytes = test::npy_bytes("{'descr': '<i8', 'fortran_order': True, 'shape': (2, 3, 4)}", 24 * 8);
  for (int64_t i = 0; i < 24; ++i) std::memcpy(bytes.data() + bytes.size() - 8 * (24 - static_cast<size_t>(i)), &i, 8);
  const Tensor x = parse_npy(bytes, "x");
  CHECK(x.shape() == Shape{2, 3, 4});
  CHECK(x.is_contiguous());
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 3; ++j)
      for (int64_t k = 0; k < 4; ++k) CHECK(x.at<int64_t>({i, j, k}) == i + 2 * j + 6 * k);
}

TEST_CASE("safetensors: padded to eight bytes and no further, data in the given order", "[safetensors]") {
  CHECK(serialize_safetensors({}).size() == 16);
  for (const char* name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
    const test::Bytes bytes = serialize_safetensors({{name, zeros({0})}});
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CHECK(text.size() % 8 == 0);
    CHECK(text.size() - text.rfind('}') <= 8);
  }
  const test::Bytes bytes = serialize_safetensors({{"b", scalar(1)}, {"a", scalar(2)}, {"c", scalar(3, f64)}});
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  CHECK_THAT(text, contains("\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}"));
  CHECK_THAT(text, contains("\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[12,16]}"));
  const test::Bytes flag = serialize_safetensors({{"flag", tensor({true})}});
  CHECK(flag.back() == std::byte{1});
}

TEST_CASE("safetensors: limits of the header's length, and where errors are", "[safetensors]") {
  const auto framed = [](uint64_t length) {
    test::Bytes bytes(8);
    std::memcpy(bytes.data(), &length, 8);
    return bytes;
  };
  CHECK_THAT(safetensors_error(framed(100'000'000)),
             contains("byte 0: a header of 100000000 bytes ends after the file"));
  CHECK_THAT(safetensors_error(framed(100'000'001)), contains("at most 100000000 are allowed"));
  CHECK_THAT(safetensors_error(framed(1)), contains("ends after the file"));
  CHECK_THAT(safetensors_error(bytes_of("123")), contains("byte 3: the file ends inside"));
  // 8 bytes of length, and as many as the parser has taken.
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"a\":null}")), contains("byte 17: \"a\": null"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"a\":    null}")), contains("byte 21: \"a\": null"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"a\":x}")), contains("byte 14: the header is not JSON"));
}

TEST_CASE("safetensors: every rule of an entry alone", "[safetensors]") {
  const auto error = [](const std::string& entry, size_t data_bytes = 4) {
    return safetensors_error(test::safetensors_bytes("{\"a\":{" + entry + "}}", data_bytes));
  };
  CHECK(error(R"("data_offsets":[0,4],"shape":[1],"dtype":"F32")") == "loaded");
  CHECK(error(R"("shape":[1,1,1,1,1,1,1,1],"dtype":"F32","data_offsets":[0,4])") == "loaded");
  CHECK_THAT(error(R"("shape":[1],"dtype":"F32")"), contains("\"a\": one of dtype, shape, data_offsets is missing"));
  CHECK_THAT(error(R"("shape":[1],"data_offsets":[0,4])"), contains("is missing"));
  CHECK_THAT(error(R"("dtype":"F32","data_offsets":[0,4])"), contains("is missing"));
  CHECK_THAT(error(R"("dtype":"F32","shape":[1],"data_offsets":[])"),
             contains("\"a\": data_offsets needs two numbers"));
  CHECK_THAT(error(R"("data_offsets":[0,4],"data_offsets":[0,4])"), contains("comes twice"));
  CHECK_THAT(error(R"("dtype":1)"), contains("a number is not expected"));
  CHECK_THAT(error(R"("shape":{})"), contains("an object is not expected"));
  CHECK_THAT(error(R"("data_offsets":["0"])"), contains("a string is not expected"));
  CHECK_THAT(error(R"("data_offsets":[0,[4]])"), contains("an array is not expected"));
  CHECK_THAT(error(R"("data_offsets":[null])"), contains("null is not expected"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"a\":1}")), contains("a number is not expected"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"a\":\"dtype\"}")), contains("a string is not expected"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"__metadata__\":{\"a\":[]}}")),
             contains("an array is not expected"));
  CHECK_THAT(safetensors_error(test::safetensors_bytes("{\"dtype\":\"F32\"}")), contains("a string is not expected"));
}

TEST_CASE("safetensors: what is written in one order is read in the file's", "[safetensors]") {
  const NamedTensors tensors = {{"small", tensor({true, false, true})},
                                {"wide", tensor<int64_t>({1, -2})},
                                {"middle", tensor({1.5f, 2.5f, 3.5f})},
                                {"empty", zeros({0}, f64)},
                                {"last", scalar(7, f64)}};
  CHECK(test::identical(parse_safetensors(serialize_safetensors(tensors), "x").tensors, tensors));
}

TEST_CASE("checkpoint: digits at the very end of a file, and one too few", "[checkpoint]") {
  const auto message = [](const std::string& text) {
    try {
      parse_checkpoint(bytes_of(text), "x");
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string("loaded");
  };
  const std::string mark = "\"fovea.checksum\":\"", digits = "0123456789abcdef";
  for (const std::string& before : {std::string(), std::string(40, '.')}) {
    const std::string marked = before + mark;
    CHECK_THAT(message(marked + digits), contains("is corrupt: its checksum is " + digits));
    CHECK_THAT(message(marked + digits.substr(1)), contains("has no"));
    CHECK_THAT(message(marked), contains("has no"));
  }
  CHECK_THAT(message(""), contains("has no"));
}

TEST_CASE("checkpoint: a length that is no multiple of eight counts to its last byte", "[checkpoint]") {
  for (const int64_t n : {1, 2, 7, 8, 9}) {
    const Tensor flags = zeros({n}, boolean);
    const std::string hash = checkpoint_hash({{"f", flags}});
    Tensor changed = array::clone(flags);
    changed.set({n - 1}, 1);
    CHECK(hash != checkpoint_hash({{"f", changed}}));
    CHECK(test::identical(parse_checkpoint(serialize_checkpoint({{"f", changed}}), "x").tensors[0].second, changed));
  }
}

TEST_CASE("files: saves and loads, also those that fail, leave no descriptor open", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  const size_t before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    write_file(path, test::Bytes(10));
    CHECK(read_file(path).size() == 10);
    CHECK_THROWS_AS(read_file(folder.file("")), FileError);
    for (const char* failing :
         {"truncate", "write", "fsync", "rename", "open folder", "fsync folder", "lock", "stat"}) {
      const FaultGuard hook([&](std::string_view call, int) { return call == failing ? EIO : 0; });
      CHECK_THROWS_WITH(write_file(path, test::Bytes(10)), contains(failing));
    }
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("files: nothing of a stale temporary file gets into the next save", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  for (const char* text : {"short", ""}) {
    test::write_raw(path + ".tmp", "what a killed process has left behind");
    write_file(path, bytes_of(text));
    CHECK(read_file(path) == bytes_of(text));
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("files: a temporary file that another save takes away between opening and locking", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  for (const bool replaced : {false, true}) {
    int locks = 0;
    const size_t before = open_descriptors();
    const FaultGuard hook([&](std::string_view call, int) {
      if (call == "lock" && ++locks == 1) {
        std::filesystem::rename(path + ".tmp", folder.file("taken"));
        if (replaced) test::write_raw(path + ".tmp", "another's");
      }
      return 0;
    });
    write_file(path, bytes_of("mine"));
    CHECK(locks == 2);
    CHECK(read_file(path) == bytes_of("mine"));
    CHECK(read_file(folder.file("taken")).empty());
    CHECK(open_descriptors() == before);
    CHECK(folder.count() == 2);
  }
}

TEST_CASE("files: one that shrinks while it is read, and one that comes in two pieces", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  std::string text(40'000, '.');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  std::string longer = text;
  longer.resize(3 * text.size(), '.');
  for (const bool grows : {false, true}) {
    test::write_raw(path, text);
    int reads = 0;
    const FaultGuard hook([&](std::string_view call, int) {
      if (call != "read") return 0;
      ++reads;
      if (reads == 1) std::filesystem::resize_file(path, 30'000);
      if (reads == 2 && grows) test::write_raw(path, longer);  // what is new is not read
      return 0;
    });
    if (grows)
      CHECK(read_file(path) == bytes_of(text));
    else
      CHECK_THROWS_WITH(read_file(path), contains("x: ends at byte 30000 of 40000"));
    CHECK(reads == 2);
  }
}

TEST_CASE("files: paths through a file, and a link that leads to itself", "[file]") {
  const test::Folder folder;
  write_file(folder.file("x"), bytes_of("old"));
  std::filesystem::create_symlink("loop", folder.file("loop"));
  CHECK_THROWS_WITH(write_file(folder.file("loop"), {}), contains("stat failed") && contains("loop"));
  CHECK_THROWS_WITH(write_file(folder.file("x/y"), {}), contains("stat failed") && contains("errno 20"));
  CHECK_THROWS_WITH(read_file(folder.file("x/y")), contains("open failed") && contains("errno 20"));
  CHECK_THROWS_WITH(read_file(std::string_view("a\0b", 3)), contains("the path has a zero byte"));
  CHECK(read_file(folder.file("x")) == bytes_of("old"));
  CHECK(folder.count() == 2);
}

}  // namespace fovea
