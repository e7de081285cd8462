// The adding problem: marks, targets and padding are what they are said to be.
#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <tests/catch.h>

#include "examples/adding/problem.h"

using namespace fovea;
using namespace fovea::examples;

TEST_CASE("two steps of the first half are marked, and the target is their sum or product", "[examples][adding]") {
  Generator generator(4);
  for (const bool multiply : {false, true}) {
    const Sequences batch = make_sequences(multiply, 200, 30, generator);
    for (int64_t b = 0; b < 200; ++b) {
      const auto length = batch.lengths.at<int64_t>({b});
      REQUIRE((length >= 30 && length <= 33));
      REQUIRE(batch.x.at({b, 0, 1}) == -1);
      REQUIRE(batch.x.at({b, length - 1, 1}) == -1);
      std::vector<int64_t> marked;
      for (int64_t t = 1; t < batch.x.size(1); ++t) {
        if (t >= length) REQUIRE((batch.x.at({b, t, 0}) == 0 && batch.x.at({b, t, 1}) == 0));
        if (batch.x.at({b, t, 1}) == 1) marked.push_back(t);
      }
      REQUIRE(marked.size() == 2);
      REQUIRE(marked[0] <= 9);
      REQUIRE(marked[1] <= std::max<int64_t>(9, length / 2 - 2));
      const double u = batch.x.at({b, marked[0], 0}), v = batch.x.at({b, marked[1], 0});
      REQUIRE(batch.target.at({b}) == test::Approx(multiply ? u * v : 0.5 + (u + v) / 4));
      if (multiply) REQUIRE((u >= 0 && v >= 0));
    }
  }
  REQUIRE_THROWS_AS(make_sequences(false, 1, 19, generator), ValueError);
}
