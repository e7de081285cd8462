// Files on disks that fail and in processes that are killed.
#include <fcntl.h>
#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tests/catch.h>
#include <tests/core/files.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace fovea {
namespace {

using test::contains;
using test::FaultGuard;

// A state of several write calls; `version` tells states apart.
NamedTensors state(int64_t version) {
  return {{"weights", full({600'000}, static_cast<double>(version))},
          {"version", scalar(static_cast<double>(version), i64)}};
}
int64_t version_of(const std::string& path) {
  const SafetensorsFile file = load_checkpoint(path);
  const int64_t version = file.tensors.at(1).second.item<int64_t>();
  REQUIRE(test::identical(file.tensors, state(version)));
  return version;
}

std::vector<std::string> calls_of_a_save(const std::string& path) {
  std::vector<std::string> calls;
  const FaultGuard guard([&](std::string_view call, int) {
    calls.emplace_back(call);
    return 0;
  });
  save_checkpoint(path, state(1));
  return calls;
}

// Runs body in a forked child that ends without unwinding; returns waitpid's status.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      body();
    } catch (...) {
      _exit(3);
    }
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("files: read and write", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  for (const size_t size : {size_t{0}, size_t{5}, size_t{3} << 20}) {
    const test::Bytes bytes(size, std::byte{7});
    write_file(path, bytes);
    CHECK(read_file(path) == bytes);
  }
  CHECK(folder.count() == 1);
  CHECK_THROWS_WITH(read_file(folder.file("none")), contains("none: open failed: No such file") && contains("errno 2"));
  CHECK_THROWS_WITH(write_file(folder.file("none/x"), {}), contains("none/x.tmp: open failed") && contains("errno 2"));
  CHECK_THROWS_WITH(read_file(folder.file("")), contains("is not a regular file"));
  CHECK_THROWS_WITH(read_file("/dev/zero"), contains("is not a regular file"));
  CHECK_THROWS_AS(read_file(""), FileError);
  const int status = in_child([&] {
    std::filesystem::current_path(folder.file(""));
    write_file("relative", test::bytes_of("here"));
  });
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK(read_file(folder.file("relative")) == test::bytes_of("here"));
  CHECK_THROWS_AS(write_file(std::string_view("a\0b", 3), {}), FileError);
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_file(pipe), contains("is not a regular file"));
  CHECK_THROWS_WITH(write_file(pipe, {}), contains("is not a regular file"));
}

TEST_CASE("files: a device is never replaced, a link is followed", "[file]") {
  CHECK_THROWS_WITH(write_file("/dev/full", test::Bytes(3)), contains("/dev/full: is not a regular file"));
  const test::Folder folder;
  write_file(folder.file("real"), test::bytes_of("old"));
  std::filesystem::create_symlink("real", folder.file("link"));
  write_file(folder.file("link"), test::bytes_of("new"));
  CHECK(std::filesystem::is_symlink(folder.file("link")));
  CHECK(read_file(folder.file("real")) == test::bytes_of("new"));
  // Nor is anything written through a link that waits in the temporary file's place.
  std::filesystem::create_symlink("real", folder.file("other.tmp"));
  CHECK_THROWS_AS(write_file(folder.file("other"), test::bytes_of("x")), FileError);
  CHECK(read_file(folder.file("real")) == test::bytes_of("new"));
}

TEST_CASE("files: without a flush a file is replaced as a whole too, and nothing waits for the disk", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("often");
  write_file(path, test::bytes_of("old"));
  std::vector<std::string> calls;
  {
    const FaultGuard guard([&](std::string_view call, int) { return calls.emplace_back(call), 0; });
    write_file(path, test::bytes_of("new"), Flush::no);
  }
  CHECK(read_file(path) == test::bytes_of("new"));
  CHECK(std::count(calls.begin(), calls.end(), "rename") == 1);
  CHECK(std::none_of(calls.begin(), calls.end(), [](const std::string& call) { return call.starts_with("fsync"); }));
  CHECK_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST_CASE("files: an error in any call of a save leaves a whole file and names path and errno", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  const std::vector<std::string> calls = calls_of_a_save(path);
  CHECK(std::count(calls.begin(), calls.end(), "write") >= 3);
  for (const char* needed : {"open", "fsync", "rename", "fsync folder"})
    CHECK(std::count(calls.begin(), calls.end(), needed) == 1);
  for (const int error : {ENOSPC, EIO})
    for (size_t failing = 0; failing < calls.size(); ++failing) {
      save_checkpoint(path, state(1));
      size_t call = 0;
      std::string message;
      {
        const FaultGuard guard([&](std::string_view, int) { return call++ == failing ? error : 0; });
        try {
          save_checkpoint(path, state(2));
        } catch (const FileError& caught) {
          message = caught.what();
        }
      }
      INFO(calls[failing]);
      CHECK_THAT(message, contains(path) && contains(calls[failing]) && contains("errno " + std::to_string(error)));
      const bool renamed = calls[failing].find("folder") != std::string::npos;
      CHECK(version_of(path) == (renamed ? 2 : 1));
      CHECK(folder.count() <= 2);
      save_checkpoint(path, state(3));
      CHECK(version_of(path) == 3);
      CHECK(folder.count() == 1);
    }
}

TEST_CASE("files: a disk that is really full", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  save_checkpoint(path, state(1));
  {
    const FaultGuard guard([](std::string_view call, int descriptor) {
      if (call == "write") {
        const int full = ::open("/dev/full", O_WRONLY);
        dup2(full, descriptor);
        close(full);
      }
      return 0;
    });
    CHECK_THROWS_WITH(save_checkpoint(path, state(2)), contains("write failed: No space left on device (errno 28)"));
  }
  CHECK(version_of(path) == 1);
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      save_checkpoint(path, state(2));
    } catch (const FileError&) {
      _exit(7);
    }
  });
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 7));
  CHECK(version_of(path) == 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("files: a kill before any call of a save", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  const std::vector<std::string> calls = calls_of_a_save(path);
  for (size_t last = 0; last < calls.size(); ++last) {
    save_checkpoint(path, state(1));
    const int status = in_child([&] {
      size_t call = 0;
      detail::set_file_fault([&](std::string_view, int) {
        if (call++ == last) raise(SIGKILL);
        return 0;
      });
      save_checkpoint(path, state(2));
    });
    INFO(calls[last]);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    CHECK(version_of(path) == (calls[last].find("folder") != std::string::npos ? 2 : 1));
    CHECK(folder.count() <= 2);
    save_checkpoint(path, state(3));
    CHECK(version_of(path) == 3);
    CHECK(folder.count() == 1);
  }
}

TEST_CASE("files: kills at random moments", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  save_checkpoint(path, state(0));
  Generator g(8);
  int64_t before = 0;
  for (int trial = 0; trial < 30; ++trial) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
      for (int64_t version = before + 1;; ++version) save_checkpoint(path, state(version));
    std::this_thread::sleep_for(std::chrono::microseconds(g.randint(0, 20'000)));
    REQUIRE(kill(child, SIGKILL) == 0);
    REQUIRE(waitpid(child, nullptr, 0) == child);
    const int64_t after = version_of(path);
    CHECK(after >= before);
    CHECK(folder.count() <= 2);
    before = after;
  }
  save_checkpoint(path, state(before + 1));
  CHECK(version_of(path) == before + 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("files: of two saves at once the second fails, and neither harms the other", "[file]") {
  const test::Folder folder;
  const std::string path = folder.file("last.safetensors");
  bool refused = false, nested = false;
  {
    const FaultGuard guard([&](std::string_view call, int) {
      if (call == "fsync" && !nested) {
        nested = true;
        try {
          save_checkpoint(path, state(2));
        } catch (const FileError& error) {
          refused = std::string_view(error.what()).find("lock failed") != std::string_view::npos;
        }
      }
      return 0;
    });
    save_checkpoint(path, state(1));
  }
  CHECK(refused);
  CHECK(version_of(path) == 1);
  CHECK(folder.count() == 1);
}

}  // namespace fovea
