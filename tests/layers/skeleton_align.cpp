// The test of the skeleton alignment: what must hold of it alone; the registry's tests find it beside all others.
#include <tests/catch.h>
#include <tests/layers/skeleton_align.h>

using namespace fovea;
using skeleton::Tempered;

TEST_CASE("a temperature of 1 is soft, a low one lets the largest score take all", "[layers][skeleton]") {
  const Tensor scores = tensor({1.0, 3.0, 2.0}, {1, 1, 3});
  REQUIRE(equal(Tempered(1)(scores), softmax(scores, -1)));
  REQUIRE(Tempered(0.01)(scores).at({0, 0, 1}) == 1);
  REQUIRE(Tempered(0.01)(scores, tensor({true, false, true}, {1, 1, 3})).at({0, 0, 2}) == 1);
  REQUIRE_THROWS_AS(Tempered(0), ValueError);
}
