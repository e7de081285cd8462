// Paths of the loaders that only an odd moment or an odd file reaches: signals, sizes beyond any memory, metadata that
// contradict themselves.
#include <fcntl.h>
#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <fovea/core/npy.h>
#include <sys/time.h>
#include <tests/catch.h>
#include <tests/core/files.h>

#include <csignal>

namespace fovea {
namespace {

using test::contains;
using test::FaultGuard;

struct InFolder {
  explicit InFolder(const std::string& folder) : before(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~InFolder() { std::filesystem::current_path(before); }
  std::filesystem::path before;
};

// A signal that comes again and again, and interrupts the calls it finds waiting; the third lets a waiting read go on.
volatile sig_atomic_t ticks = 0;
int wake = -1;
void on_tick(int) {
  const int error = errno;
  ticks = ticks + 1;
  if (ticks == 3) (void)!::write(wake, "here", 4);
  errno = error;
}
class Ticking {
 public:
  Ticking() {
    struct sigaction action {};
    action.sa_handler = on_tick;  // without SA_RESTART
    sigaction(SIGALRM, &action, &before_);
    const itimerval every{{0, 20'000}, {0, 20'000}};
    setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Ticking() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
};

std::string checkpoint_message(const test::Bytes& bytes) {
  try {
    parse_checkpoint(bytes, "x.st");
  } catch (const FileError& error) {
    return error.what();
  }
  return "loaded";
}

}  // namespace

TEST_CASE("files: a read that a signal interrupts goes on", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  write_file(path, test::bytes_of("gone"));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  wake = ends[1];
  ticks = 0;
  bool replaced = false;
  test::Bytes bytes;
  {
    const FaultGuard guard([&](std::string_view call, int descriptor) {
      if (call == "read" && !replaced) {  // from here on the file is a pipe that is empty until the third signal
        replaced = true;
        dup2(ends[0], descriptor);
      }
      return 0;
    });
    const Ticking ticking;
    bytes = read_file(path);
  }
  close(ends[0]);
  close(ends[1]);
  CHECK(ticks >= 3);
  CHECK(bytes == test::bytes_of("here"));
}

TEST_CASE("files: a read that fails names its error", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  write_file(path, test::bytes_of("never read"));
  {
    const FaultGuard guard([&](std::string_view call, int descriptor) {
      if (call == "read") {  // from here on the file is a folder
        const int other = open(folder.file("").c_str(), O_RDONLY | O_DIRECTORY);
        dup2(other, descriptor);
        close(other);
      }
      return 0;
    });
    CHECK_THROWS_WITH(read_file(path), contains("read_file: " + path + ": read failed") && contains("errno 21"));
  }
  const FaultGuard guard([](std::string_view call, int) { return call == "read" ? EIO : 0; });
  CHECK_THROWS_WITH(read_file(path), contains("read_file: " + path + ": read failed") && contains("errno 5"));
}

TEST_CASE("files: a path without a folder is in the current one", "[file]") {
  const test::Folder folder;
  {
    const InFolder inside(folder.file(""));
    write_file("relative", test::bytes_of("here"));
  }
  CHECK(read_file(folder.file("relative")) == test::bytes_of("here"));
  CHECK(folder.count() == 1);
}

TEST_CASE("npy: no key may come twice", "[npy]") {
  const std::string all[] = {"'descr': '<f4'", "'fortran_order': False", "'shape': (1,)"};
  for (const std::string& again : all) {
    const std::string header = "{" + all[0] + ", " + all[1] + ", " + all[2] + ", " + again + "}\n";
    CHECK_THROWS_AS(parse_npy(test::npy_bytes(header, 4), "x.npy"), FileError);
    CHECK_THROWS_WITH(parse_npy(test::npy_bytes(header, 4), "x.npy"),
                      contains("npy: x.npy: byte ") && contains("a key is unknown or comes twice"));
  }
}

// llama.cpp#24263
TEST_CASE("loaders: sizes beyond any memory are too many, not a small number", "[npy][safetensors]") {
  for (const char* shape :
       {"72057594037927937", "268435456, 1073741824", "4611686018427387904, 4", "3037000500, 3037000500"})
    for (const char* empty : {"", "0, "}) {
      const std::string sizes = std::string(empty) + shape;
      INFO(sizes);
      CHECK_THROWS_WITH(
          parse_npy(test::npy_bytes("{'descr': '|b1', 'fortran_order': False, 'shape': (" + sizes + ",)}\n"), "x.npy"),
          contains("needs too many bytes"));
      CHECK_THROWS_WITH(parse_safetensors(test::safetensors_bytes("{\"a\":{\"dtype\":\"BOOL\",\"shape\":[" + sizes +
                                                                  "],\"data_offsets\":[0,0]}}"),
                                          "x.st"),
                        contains("needs too many bytes"));
    }
}

TEST_CASE("safetensors: a header above the limit is not written", "[safetensors]") {
  Metadata metadata;
  metadata["text"].assign(17'000'000, '\x01');  // six bytes each once escaped
  std::string message = "written";
  try {
    serialize_safetensors({}, metadata);
  } catch (const ValueError& error) {
    message = error.what();
  }
  CHECK_THAT(message, contains("save_safetensors: the header is above 100,000,000"));
}

TEST_CASE("checkpoint: the checksum in the metadata is the one that was checked", "[checkpoint]") {
  // The text that is found first stands in the data: the key in the header has a space behind it.
  const std::string key = "\"fovea.checksum\"";
  const std::string header =
      "{\"__metadata__\":{" + key +
      " : \"0000000000000000\"},\"a\":{\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[0,0]}," +
      "\"words\":{\"dtype\":\"I64\",\"shape\":[5],\"data_offsets\":[0,40]}}";
  test::Bytes bytes = test::safetensors_bytes(header, 40);
  const std::string text = key + ":\"0123456789abcdef";
  std::memcpy(bytes.data() + bytes.size() - 40, text.data(), text.size());
  const std::string complaint = checkpoint_message(bytes);
  REQUIRE_THAT(complaint, contains("is corrupt: its checksum is 0123456789abcdef, its bytes give "));
  std::memcpy(bytes.data() + bytes.size() - 40 + text.size() - 16, complaint.data() + complaint.size() - 16, 16);
  CHECK_THAT(checkpoint_message(bytes), contains("checkpoint: x.st: its checksum is not in its metadata"));
}

}  // namespace fovea
