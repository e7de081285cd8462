// What builds for narrower systems stand on: byte counts where a size_t has 32 bits, numbers in text without the
// library's from_chars. That such builds work as a whole the presets plain and wasm show.
#include <fovea/core/allocator.h>
#include <fovea/core/blocks.h>
#include <fovea/core/creation.h>
#include <fovea/core/internal/byte_count.h>
#include <fovea/core/internal/number_text.h>
#include <fovea/core/parallel.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/catch.h"

using namespace fovea;
using detail::byte_count, detail::to_size, detail::kLargestBlock;

TEST_CASE("a size of 32 bits never takes a count of bytes for a smaller one", "[narrow]") {
  CHECK(to_size<uint32_t>(0) == 0u);
  CHECK(to_size<uint32_t>(1 << 30) == uint32_t{1} << 30);
  const int64_t largest = kLargestBlock<uint32_t>;
  CHECK(to_size<uint32_t>(largest) == largest);
  // What a header before the elements and the next size class add must still fit.
  CHECK(largest + largest / 8 + 1024 <= int64_t{std::numeric_limits<uint32_t>::max()});
  for (const int64_t bytes : {largest + 1, int64_t{1} << 32, (int64_t{1} << 32) + 64, int64_t{1} << 59}) {
    INFO(bytes);
    CHECK(to_size<uint32_t>(bytes) > kLargestBlock<uint32_t>);
    CHECK(to_size<uint32_t>(bytes) + uint32_t{256} > kLargestBlock<uint32_t>);
    CHECK(to_size<uint64_t>(bytes) == static_cast<uint64_t>(bytes));
  }
}

TEST_CASE("a tensor in a file that 32 bits cannot count is refused, and read where 64 can", "[narrow]") {
  const Shape large{1 << 16, 1 << 16};
  CHECK(byte_count<uint64_t>(large, f32) == int64_t{1} << 34);
  CHECK_FALSE(byte_count<uint32_t>(large, f32).has_value());
  CHECK_FALSE(byte_count<uint32_t>(Shape{0, int64_t{1} << 40}, f32).has_value());  // strides count too
  CHECK(byte_count<uint32_t>(Shape{1 << 14, 1 << 14}, f32) == int64_t{1} << 30);
  CHECK(byte_count<uint32_t>(Shape{3, 0}, f64) == 0);
  CHECK_FALSE(byte_count<uint64_t>(Shape{int64_t{1} << 57}, boolean).has_value());
}

TEST_CASE("what no system has is an error that says how much it was", "[narrow]") {
  REQUIRE_THROWS_AS(zeros({int64_t{1} << 50}), OutOfMemoryError);
  try {
    zeros({int64_t{1} << 50});
  } catch (const OutOfMemoryError& error) {
    CHECK(error.bytes() == int64_t{1} << 52);
  }
}

#ifdef __cpp_lib_to_chars  // the library has them to compare with
TEST_CASE("numbers in text are read by strtod as std::from_chars reads them", "[narrow]") {
  for (const char* text :
       {"1",    "-2.5",   "1e-3", "0.1", "3.4028235e38", "1e308", "-0",  "5e-324", "12abc",  "1.5.2",  "inf",
        "-inf", "nan",    "",     "-",   "+1",           " 1",    "\t1", "--1",    "- 1",    "-+1",    "abc",
        "0x10", "-0x1p3", "1e",   "1e+", ".5",           "5.",    ".",   "1e999",  "-1e999", "1e-999", "1,5",
        "1 "}) {
    INFO('"' << text << '"');
    const char* const last = text + std::strlen(text);
    double expected = 7, found = 7;
    const auto by_library = std::from_chars(text, last, expected);
    const auto by_strtod = detail::from_chars_by_strtod(text, last, found);
    CHECK(by_strtod.ec == by_library.ec);
    CHECK(by_strtod.ptr - text == by_library.ptr - text);
    CHECK(((std::isnan(found) && std::isnan(expected)) || found == expected));
    CHECK(std::signbit(found) == std::signbit(expected));
  }
}
#endif

#ifdef FOVEA_ONE_THREAD
TEST_CASE("a build without threads runs loops on the caller, whatever number is set", "[narrow]") {
  const int before = num_threads();
  CHECK(before == 1);
  set_num_threads(3);
  int64_t next = 0;
  bool in_order = true;
  parallel_chunks(100, [&](int64_t chunk) { in_order = in_order && chunk == next++; });
  CHECK(in_order);
  CHECK(next == 100);
  CHECK(detail::single_threaded());
  set_num_threads(before);
}
#endif
