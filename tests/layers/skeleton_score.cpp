// The test of the skeleton score: what must hold of it alone; the registry's tests find it beside all others.
#include <fovea/layers/attention/align/soft.h>
#include <fovea/layers/attention/attention.h>
#include <tests/layers/contract.h>
#include <tests/layers/skeleton_score.h>

using namespace fovea;
using skeleton::DistanceScore;

TEST_CASE("the distance score is that of its formula, and greatest where query and key are one", "[layers][skeleton]") {
  Generator generator(3);
  const Tensor query = uniform({2, 3, 4}, -1, 1, generator, f64), keys = uniform({2, 5, 4}, -1, 1, generator, f64);
  const Tensor apart = unsqueeze(query, 2) - unsqueeze(keys, 1);  // [B, Tq, Tk, D]
  const Tensor wanted = sum(square(apart), -1) * -0.5;
  REQUIRE(max(abs(DistanceScore()(query, keys) - wanted)).item() < 1e-12);
  REQUIRE(max(abs(DistanceScore()(slice(keys, 1, 2, 3), keys))).item() > 0);
  REQUIRE(argmax(DistanceScore()(slice(keys, 1, 2, 3), keys), -1).at<int64_t>({0, 0}) == 2);
  REQUIRE_THROWS_AS(DistanceScore()(query, ones({2, 5, 3}, f64)), ShapeError);
}
