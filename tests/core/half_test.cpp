#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/internal/half.h>
#include <fovea/core/safetensors.h>
#include <tests/catch.h>
#include <tests/core/files.h>
#include <tests/data_file.h>

#include <limits>

namespace fovea {
namespace {

using detail::from_bf16, detail::from_f16, detail::to_bf16, detail::to_f16;
constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

// Every number of 16 bits comes back; what lies between two neighbours becomes the nearer, at the middle the even one.
void check_all(float (*widen)(uint16_t), uint16_t (*narrow)(float), uint16_t infinite) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float x = widen(half);
    if ((half & 0x7fff) > infinite) {
      REQUIRE(std::isnan(x));
      REQUIRE(std::isnan(widen(narrow(x))));
      continue;
    }
    REQUIRE(narrow(x) == half);
    if ((half & 0x7fff) + 1 >= infinite) continue;
    const float next = widen(static_cast<uint16_t>(half + 1));
    REQUIRE(std::fabs(next) > std::fabs(x));
    const auto middle = static_cast<float>((static_cast<double>(x) + static_cast<double>(next)) / 2);
    REQUIRE(narrow(middle) == (half % 2 == 0 ? half : half + 1));
    REQUIRE(narrow(std::nextafter(middle, 0.0F)) == half);
    REQUIRE(narrow(std::nextafter(middle, std::copysign(kInfinity, x))) == half + 1);
  }
}

}  // namespace

TEST_CASE("half: all numbers of 16 bits, and what is nearest to them", "[half]") {
  check_all(from_f16, to_f16, 0x7c00);
  check_all(from_bf16, to_bf16, 0x7f80);
}

TEST_CASE("half: values as IEEE 754 and NumPy have them", "[half]") {
  CHECK(from_f16(0x3c00) == 1);
  CHECK(from_f16(0xc000) == -2);
  CHECK(from_f16(0x7bff) == 65504);
  CHECK(from_f16(0x0001) == 0x1p-24F);
  CHECK(from_f16(0x0400) == 0x1p-14F);
  CHECK(from_f16(0xfc00) == -kInfinity);
  CHECK((from_f16(0x8000) == 0 && std::signbit(from_f16(0x8000))));
  CHECK(to_f16(0.1F) == 0x2e66);
  CHECK(to_f16(65519.9F) == 0x7bff);
  CHECK(to_f16(65520) == 0x7c00);
  CHECK(to_f16(0x1p-25F) == 0);
  CHECK(to_f16(0x1.8p-24F) == 2);
  CHECK(from_bf16(0x3f80) == 1);
  CHECK(to_bf16(0.1F) == 0x3dcd);
  CHECK(to_bf16(std::numeric_limits<float>::max()) == 0x7f80);
}

TEST_CASE("safetensors: floats of 16 bits are read, and written where asked for", "[safetensors][half]") {
  const Tensor x = tensor({0.1F, -2.0F, 65504.0F, kInfinity, 0x1p-24F}), y = array::to(tensor({1.0F, -0.25F}), f64);
  const NamedTensors tensors = {{"x", x}, {"y", y}, {"ids", arange(3)}, {"none", zeros({0, 2})}};
  const SafetensorsFile f16 = parse_safetensors(serialize_safetensors(tensors, {}, StoredFloat::f16), "x");
  CHECK(test::identical(f16.tensors, {{"x", tensor({from_f16(0x2e66), -2.0F, 65504.0F, kInfinity, 0x1p-24F})},
                                      {"y", tensor({1.0F, -0.25F})},
                                      {"ids", arange(3)},
                                      {"none", zeros({0, 2})}}));
  const SafetensorsFile bf16 = parse_safetensors(serialize_safetensors(tensors, {}, StoredFloat::bf16), "x");
  CHECK(bf16.tensors[0].second.at<float>({0}) == from_bf16(0x3dcd));
  CHECK(serialize_safetensors({{"x", zeros({1000})}}, {}, StoredFloat::f16).size() < 2200);
  CHECK_THROWS_WITH(serialize_safetensors({{"w", tensor({70000.0F})}}, {}, StoredFloat::f16),
                    test::contains("\"w\": 70000 is above what F16 holds"));
  CHECK_THROWS_AS(serialize_safetensors({{"w", full({1}, 1e39, f64)}}, {}, StoredFloat::bf16), ValueError);
  CHECK(std::isnan(parse_safetensors(serialize_safetensors({{"n", tensor({kNan})}}, {}, StoredFloat::f16), "x")
                       .tensors[0]
                       .second.at<float>({0})));
}

TEST_CASE("safetensors: the bytes of 16 bit floats are counted", "[safetensors][half]") {
  const auto entry = [](const char* end) {
    return std::string("{\"a\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,") + end + "]}}";
  };
  CHECK(parse_safetensors(test::safetensors_bytes(entry("6"), 6), "x").tensors[0].second.dtype() == f32);
  CHECK_THROWS_WITH(parse_safetensors(test::safetensors_bytes(entry("12"), 12), "x.st"),
                    test::contains("BF16[3] needs 6 bytes"));
  CHECK_THROWS_WITH(
      parse_safetensors(test::safetensors_bytes("{\"a\":{\"dtype\":\"F16\",\"shape\":[1099511627776,1099511627776],"
                                                "\"data_offsets\":[0,4]}}",
                                                4),
                        "x.st"),
      test::contains("needs too many bytes"));
}

}  // namespace fovea
