#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <cmath>
#include <sstream>

namespace fovea {

TEST_CASE("describe names type and shape", "[print]") {
  CHECK(describe(zeros({2, 3})) == "f32[2, 3]");
  CHECK(describe(scalar(1, boolean)) == "bool[]");
  CHECK(describe(Tensor()) == "undefined");
}

TEST_CASE("small tensors are printed whole", "[print]") {
  CHECK(to_string(Tensor()) == "undefined");
  CHECK(to_string(scalar(2.5)) == "f32[] 2.5000");
  CHECK(to_string(scalar(-3, i64)) == "i64[] -3");
  CHECK(to_string(zeros({2, 0})) == "f32[2, 0] []");
  CHECK(to_string(tensor({true, false})) == "bool[2] [ true, false]");
  CHECK(to_string(tensor({1.0, -20.0})) == "f64[2] [  1., -20.]");
  CHECK(to_string(tensor({1.5f, -0.25f, 10.f, 0.f}, {2, 2})) ==
        "f32[2, 2]\n"
        "[[ 1.5000, -0.2500],\n"
        " [10.0000,  0.0000]]");
  CHECK(to_string(array::transpose(tensor<int64_t>({1, 2, 3, 4, 5, 6}, {2, 3}), 0, 1)) ==
        "i64[3, 2]\n"
        "[[1, 4],\n"
        " [2, 5],\n"
        " [3, 6]]");
  CHECK(to_string(tensor<int64_t>({1, 2, 3, 4}, {2, 1, 2})) ==
        "i64[2, 1, 2]\n"
        "[[[1, 2]],\n"
        "\n"
        " [[3, 4]]]");
  CHECK(to_string(tensor<int64_t>({9007199254740993})) == "i64[1] [9007199254740993]");
}

TEST_CASE("wide ranges and special values", "[print]") {
  CHECK(to_string(tensor({0.5, 1e6})) == "f64[2] [5.0000e-01, 1.0000e+06]");
  CHECK(to_string(tensor({1e-7})) == "f64[1] [1.0000e-07]");
  CHECK(to_string(tensor({1e9})) == "f64[1] [1.0000e+09]");
  CHECK(to_string(tensor({HUGE_VAL, -HUGE_VAL, std::nan(""), 1.0})) == "f64[4] [ inf, -inf,  nan,   1.]");
}

TEST_CASE("long axes are abbreviated and long rows wrapped", "[print]") {
  CHECK(to_string(arange(2000)) == "i64[2000] [   0,    1,    2, ..., 1997, 1998, 1999]");
  CHECK(to_string(array::reshape(arange(2000), {1000, 2})) ==
        "i64[1000, 2]\n"
        "[[   0,    1],\n"
        " [   2,    3],\n"
        " [   4,    5],\n"
        " ...,\n"
        " [1994, 1995],\n"
        " [1996, 1997],\n"
        " [1998, 1999]]");
  std::istringstream lines(to_string(arange(100)));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) CHECK(line.size() <= 112);
  CHECK(count == 4);
  std::ostringstream out;
  out << arange(2);
  CHECK(out.str() == "i64[2] [0, 1]");
}

}  // namespace fovea
