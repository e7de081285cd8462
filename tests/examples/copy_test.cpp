// The tasks of the NTM paper: the lengths that they have, are trained with and are validated at.
#include <fovea/core/error.h>
#include <tests/catch.h>

#include <algorithm>
#include <map>

#include "examples/copy/pictures.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {
namespace {

const std::vector<std::string> names = {"copy", "repeat-copy", "recall", "ngrams", "sort", "copies", "store"};

TEST_CASE("a task has sequences of its shortest length, and none shorter") {
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto task = make_task(name);
    Generator generator(1);
    const Bits batch = task.make(2, task.min_length, generator);
    CHECK(batch.input.shape()[0] == 2);
    CHECK(batch.input.size(2) == task.inputs);
    CHECK(batch.target.size(2) == task.outputs);
    CHECK_THROWS_AS(task.make(2, task.min_length - 1, generator), ValueError);
  }
  CHECK_THROWS_AS(make_task("swim"), ValueError);
}

TEST_CASE("training draws every length from the shortest to the longest, or the longest alone") {
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto task = make_task(name);
    Generator generator(1);
    const int64_t longest = task.min_length + 3;
    std::vector<int64_t> seen;
    for (int i = 0; i < 200; ++i) seen.push_back(task.draw_length(longest, generator));
    CHECK(*std::max_element(seen.begin(), seen.end()) == longest);
    CHECK(*std::min_element(seen.begin(), seen.end()) == (task.one_length ? longest : task.min_length));
  }
}

TEST_CASE("validation is beyond training in proportion, by default at a length that no test uses") {
  const std::vector<int64_t> defaults = {116, 14, 14, 200, 22, 12, 24};
  for (size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i]);
    const auto task = make_task(names[i]);
    const int64_t trained = task.max_length;
    CHECK(task.validation_length(trained) == defaults[i]);
    if (names[i] == "ngrams") continue;  // the sources differ, not the lengths
    const std::vector<int64_t> tested = task.test_lengths;
    CHECK(std::count(tested.begin(), tested.end(), task.validation_length(trained)) == 0);
    for (int64_t longest = task.min_length; longest < 3 * trained; ++longest) {
      CHECK(task.validation_length(longest) > longest);
      CHECK(task.validation_length(longest) * trained < (longest + 1) * defaults[i]);
    }
  }
  CHECK(make_task("copy").validation_length(1) == 6);
}

TEST_CASE("copies: the steps after a delimiter answer with the vectors before it, sequence after sequence") {
  Generator generator(2);
  const Bits data = make_task("copies").make(3, 5, generator);
  int64_t begin = 0, answer = 0, delimiters = 0;
  for (int64_t t = 0; t < data.input.size(1); ++t) {
    if (data.input.at({0, t, 8}) == 0) continue;
    for (int64_t i = 0; i < t - begin; ++i, ++answer) {
      CHECK(data.steps.at({answer}) == static_cast<double>(t + 1 + i));
      CHECK(equal(select(slice(data.input, 2, 0, 8), 1, begin + i), select(data.target, 1, answer)));
    }
    begin = 2 * t + 1 - begin, ++delimiters;
  }
  CHECK(delimiters == 5);
  CHECK(answer == data.target.size(1));
  CHECK(begin == data.input.size(1));
}

TEST_CASE("store: what is asked for was put under its key and not asked for since, and six values lie there at most") {
  Generator generator(4);
  const Bits data = make_task("store").make(3, 40, generator);
  const auto number = [](const Tensor& rows, int64_t b, int64_t t, int64_t channel) {
    int64_t all = 0;
    for (int64_t bit = 0; bit < 4; ++bit) all |= static_cast<int64_t>(rows.at({b, t, channel + bit})) << bit;
    return all;
  };
  REQUIRE(data.input.size(1) == 80);
  for (int64_t b = 0; b < 3; ++b) {
    std::map<int64_t, int64_t> lying;
    int64_t answer = 0;
    size_t most = 0;
    for (int64_t t = 0; t < 80; ++t) {
      const int64_t key = number(data.input, b, t, 0);
      REQUIRE(data.input.at({b, t, 8}) + data.input.at({b, t, 9}) == 1);
      if (data.input.at({b, t, 8}) == 1) {
        REQUIRE(lying.emplace(key, number(data.input, b, t, 4)).second);
        most = std::max(most, lying.size());
        continue;
      }
      CHECK(data.steps.at({answer}) == static_cast<double>(t));
      CHECK(number(data.input, b, t, 4) == 0);
      CHECK(number(data.target, b, answer++, 0) == lying.at(key));
      lying.erase(key);
    }
    CHECK(answer == 40);
    CHECK(most == 6);
    CHECK(lying.empty());
  }
}

TEST_CASE("the slots in which a head ever stands are shown in one piece, around the end, with one beside") {
  const auto standing_at = [](int64_t all, const std::vector<int64_t>& slots) {
    Grid weights{all, static_cast<int64_t>(slots.size()),
                 std::vector<float>(static_cast<size_t>(all) * slots.size(), 0)};
    for (size_t t = 0; t < slots.size(); ++t) weights.values[static_cast<size_t>(slots[t]) * slots.size() + t] = 1;
    return weights;
  };
  const std::vector<Grid> back{standing_at(128, {0, 127, 126}), standing_at(128, {0, 0, 127})};
  const Slots busy = busy_slots(back);
  CHECK(busy.first == 125);
  CHECK(busy.count == 5);
  CHECK(busy.of(back[0]).values == std::vector<float>{0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0});
  CHECK(busy.names() == std::vector<std::string>{"125", "126", "127", "0", "1"});
  CHECK(busy_slots({standing_at(128, {40, 41})}).first == 39);
  CHECK(busy_slots({standing_at(4, {0, 2})}).count == 4);
  CHECK(busy_slots({standing_at(1, {0})}).count == 1);
  CHECK(busy_slots({Grid{50, 1, std::vector<float>(50, 0.02F)}}).count == 50);
  CHECK(busy_slots({Grid{50, 1, std::vector<float>(50, 0)}}).count == 50);
}

}  // namespace
}  // namespace fovea::examples
