// Tensors that no machine holds and files that are longer than they say: refused at once, in few bytes.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/core/allocator.h>
#include <fovea/core/array.h>
#include <fovea/core/checkpoint.h>
#include <fovea/core/file.h>
#include <fovea/core/npy.h>
#include <fovea/core/safetensors.h>
#include <tests/catch.h>
#include <tests/scratch.h>
#include <unistd.h>

#include <functional>

using namespace fovea;

namespace {

constexpr int64_t kLarge = int64_t{1} << 40, kSide = int64_t{1} << 32;

// One element, seen as many.
Tensor seen_as(const Shape& shape) {
  return array::expand(array::reshape(ones({1}), Shape::filled(shape.rank(), 1)), shape);
}

// What `call` says; it may take a little memory on the way.
template <class E>
std::string complaint(const std::function<void()>& call) {
  reset_peak_memory();
  const int64_t before = memory_stats().peak_bytes;
  std::string message;
  try {
    call();
  } catch (const E& error) {
    message = error.what();
  }
  CHECK(memory_stats().peak_bytes - before < (1 << 20));
  CHECK(!message.empty());
  return message;
}

}  // namespace

TEST_CASE("a result beyond what addresses count is a ShapeError before anything is copied", "[huge]") {
  const Tensor column = seen_as({kSide, 1}), row = seen_as({1, kSide});
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"matmul", [&] { matmul(column, row); }},
      {"matmul",
       [&] {
         matmul(seen_as({2, kSide, 1}), seen_as({2, 1, kSide}));
       }},
      {"mul", [&] { outer(seen_as({kSide}), seen_as({kSide})); }},
      {"linear", [&] { linear(column, column); }},
      {"einsum",
       [&] {
         einsum("i,j->ij", {seen_as({kSide}), seen_as({kSide})});
       }},
      {"einsum",
       [&] {
         einsum("bik,bkj->bij", {seen_as({2, kSide, 2}), seen_as({2, 2, kSide})});
       }},
      {"add", [&] { add(column, row); }},
      {"where",
       [&] {
         where(eq(ones({1, 1}), 1.0), column, row);
       }},
      {"cosine_similarity", [&] { cosine_similarity(unsqueeze(column, 2), unsqueeze(row, 2), 2); }},
      {"repeat", [&] { repeat(seen_as({kSide}), {kSide}); }},
      {"expand",
       [&] {
         expand(column, {kSide, kSide});
       }},
      {"pad",
       [&] {
         pad(seen_as({kSide, 1}), {0, kSide});
       }},
      {"additive_score",
       [&] {
         additive_score(seen_as({1, kSide, 1}), seen_as({1, kSide, 1}), ones({1}));
       }},
      {"scaled_dot_product_attention",
       [&] {
         scaled_dot_product_attention(seen_as({1, 1, kSide, 1}), ones({1, 1, 1, 1}), seen_as({1, 1, 1, kSide}));
       }},
      {"conv2d",
       [&] {
         conv2d(seen_as({kSide, 1, 1, 1}), seen_as({kSide, 1, 1, 1}));
       }},
  };
  for (const auto& [op, call] : calls) {
    INFO(op);
    CHECK(complaint<ShapeError>(call).find(op) != std::string::npos);
  }
}

TEST_CASE("memory that the system has not: the shape, the bytes and the last op", "[huge]") {
  const std::string message = complaint<OutOfMemoryError>([] { zeros({kLarge}, f64); });
  CHECK(message.find("f64[1099511627776] needs 8.19e+03 GiB (8796093022208 bytes)") != std::string::npos);
  CHECK_THROWS_AS(zeros({kLarge}, f64), std::bad_alloc);
  CHECK(complaint<OutOfMemoryError>([] { tanh(seen_as({kLarge})); }).find("the last op: tanh") != std::string::npos);
  CHECK(complaint<OutOfMemoryError>([] {
          matmul(seen_as({kLarge, 1}), ones({1, 1}));
        }).find("matmul") != std::string::npos);
  CHECK(complaint<OutOfMemoryError>([] {
          linear(seen_as({kLarge, 1}), ones({1, 1}));
        }).find("linear") != std::string::npos);
  CHECK(complaint<OutOfMemoryError>([] { array::clone(seen_as({kLarge})); }).find("f32[1099511627776]") !=
        std::string::npos);
  try {
    zeros({kLarge}, f64);
  } catch (const OutOfMemoryError& error) {
    CHECK(error.bytes() == 8 * kLarge);
  }
}

namespace {

// The file made longer by nothing: sparse, so that it takes no disk.
void lengthen(const std::string& path, int64_t bytes) { REQUIRE(::truncate(path.c_str(), bytes) == 0); }

int64_t resident_bytes() {
  long pages = 0, resident = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%ld %ld", &pages, &resident) == 2;
  std::fclose(file);
  return read ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

TEST_CASE("a file longer than its header says is refused before it is read", "[huge]") {
  const test::Scratch folder;
  const Tensor x = ones({2, 3});
  const std::pair<std::string, std::function<void(const std::string&)>> kinds[] = {
      {"x.npy", [](const std::string& path) { load_npy(path); }},
      {"x.safetensors", [](const std::string& path) { load_safetensors(path); }},
      {"x.checkpoint", [](const std::string& path) { load_checkpoint(path); }},
  };
  for (const auto& [name, load] : kinds)
    for (const int64_t bytes : {int64_t{1} << 29, kLarge}) {
      const std::string path = (folder / name).string();
      INFO(path << " of " << bytes);
      if (name == "x.npy") save_npy(path, x);
      if (name == "x.safetensors") save_safetensors(path, {{"x", x}});
      if (name == "x.checkpoint") save_checkpoint(path, {{"x", x}}, {});
      load(path);
      lengthen(path, bytes);
      const int64_t before = resident_bytes();
      CHECK_THROWS_AS(load(path), FileError);
      CHECK(resident_bytes() - before < (1 << 24));
    }
}

TEST_CASE("a file that says it is longer than the machine's memory is refused", "[huge]") {
  const test::Scratch folder;
  const std::string npy = (folder / "x.npy").string(), any = (folder / "any").string();
  std::vector<std::byte> bytes = serialize_npy(ones({1}));
  const std::string_view size = "(1,)", larger = "(274877906912,)";  // 2^38 numbers and a few, as long as the rest
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size() - 4);
  const size_t at = text.find(size);
  text.replace(at, size.size(), larger);
  text.erase(text.find("  "), larger.size() - size.size());
  write_file(npy, std::as_bytes(std::span(text)));
  lengthen(npy, static_cast<int64_t>(text.size()) + 4 * int64_t{274877906912});
  write_file(any, {});
  lengthen(any, kLarge);
  for (const auto& load :
       {std::function<void()>([&] { load_npy(npy); }), std::function<void()>([&] { read_file(any); })})
    CHECK(complaint<FileError>(load).find("this machine's memory is") != std::string::npos);
}
