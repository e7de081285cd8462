// The adding problem: marks, targets and padding are what they are said to be.
#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <tests/catch.h>

#include <map>
#include <set>

#include "examples/adding/problem.h"

using namespace fovea;
using namespace fovea::examples;

TEST_CASE("two steps of the first half are marked, and the target is made of their values", "[examples][adding]") {
  Generator generator(4);
  for (const bool multiply : {false, true}) {
    const AddingProblem problem{multiply ? "multiplication" : "addition", 30, 33};
    const Sequences batch = make_sequences(problem, 200, generator);
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
}

TEST_CASE("the last step of recall gives one of the keys, and the target is that key's value", "[examples][adding]") {
  Generator generator(5);
  const Sequences batch = make_sequences({"recall", 8, 12}, 200, generator);
  std::set<int64_t> lengths, asked_steps;
  for (int64_t b = 0; b < 200; ++b) {
    const auto last = batch.lengths.at<int64_t>({b}) - 1;
    lengths.insert(last);
    const auto key = [&](int64_t t) {
      std::string bits;
      for (int64_t i = 2; i < features("recall"); ++i) bits += batch.x.at({b, t, i}) == 1 ? '1' : '0';
      return bits;
    };
    std::map<std::string, int64_t> step_of;
    for (int64_t t = 0; t < last; ++t) {
      REQUIRE(batch.x.at({b, t, 1}) == 0);
      step_of[key(t)] = t;
    }
    REQUIRE(static_cast<int64_t>(step_of.size()) == last);
    REQUIRE((batch.x.at({b, last, 0}) == 0 && batch.x.at({b, last, 1}) == 1));
    const int64_t asked = step_of.at(key(last));
    asked_steps.insert(asked);
    REQUIRE(batch.target.at({b}) == batch.x.at({b, asked, 0}));
    for (int64_t t = last + 1; t < batch.x.size(1); ++t)
      for (int64_t i = 0; i < batch.x.size(2); ++i) REQUIRE(batch.x.at({b, t, i}) == 0);
  }
  REQUIRE(lengths == std::set<int64_t>{8, 9, 10, 11, 12});
  REQUIRE(asked_steps.size() == 12);
}

TEST_CASE("the target of largest is the value of the largest key, which is large in its sequence alone",
          "[examples][adding]") {
  Generator generator(7);
  const Sequences batch = make_sequences({"largest", 5, 9}, 200, generator);
  REQUIRE(features("largest") == 2);
  double lowest_largest = 10, highest_other = -10;
  std::set<int64_t> lengths;
  for (int64_t b = 0; b < 200; ++b) {
    const auto length = batch.lengths.at<int64_t>({b});
    lengths.insert(length);
    const Tensor k = slice(select(select(batch.x, 2, 1), 0, b), 0, 0, length);
    const auto largest = argmax(k, 0).item<int64_t>();
    REQUIRE(batch.target.at({b}) == batch.x.at({b, largest, 0}));
    lowest_largest = std::min(lowest_largest, k.at({largest}));
    for (int64_t t = 0; t < batch.x.size(1); ++t) {
      if (t >= length) REQUIRE((batch.x.at({b, t, 0}) == 0 && batch.x.at({b, t, 1}) == 0));
      if (t >= length || t == largest) continue;
      REQUIRE(k.at({largest}) - k.at({t}) >= 1 - 1e-5);
      highest_other = std::max(highest_other, k.at({t}));
    }
  }
  REQUIRE(lengths == std::set<int64_t>{5, 6, 7, 8, 9});
  REQUIRE(highest_other - lowest_largest > 5);  // no threshold tells them apart
}

TEST_CASE("sequences that cannot be are refused", "[examples][adding]") {
  Generator generator(6);
  for (const AddingProblem& bad :
       {AddingProblem{"addition", 19, 30}, AddingProblem{"recall", 10, 65}, AddingProblem{"recall", 0, 3},
        AddingProblem{"addition", 30, 29}, AddingProblem{"largest", 0, 3}, AddingProblem{"swim", 30, 30}})
    REQUIRE_THROWS_AS(make_sequences(bad, 1, generator), ValueError);
}
