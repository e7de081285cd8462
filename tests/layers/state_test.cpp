// One list of tensors, and what follows from it (layers/state.h).
#include <fovea/autograd/mode.h>
#include <fovea/core/allocator.h>
#include <fovea/layers/state.h>
#include <tests/catch.h>

#include <array>

using namespace fovea;

namespace {

struct Inner {
  Tensor hidden, absent;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("hidden", hidden, 0);
    visit("absent", absent, 0);
  }
};

struct Outer {
  std::vector<Inner> below;
  Tensor stacked;  // [2, B]
  Inner more;      // undefined unless a test says so
  int64_t offset = 0;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("below", below);
    visit("stacked", stacked, 1);
    visit("more", more);
    visit("offset", offset);
  }
};

// Rows 0 .. 2, each tensor another multiple.
Outer sample() {
  const auto rows = [](double scale) { return from<double>({0, scale, 2 * scale}, {3}); };
  return {{{rows(1), {}}, {rows(10), {}}}, stack({rows(100), rows(1000)}, 0), {}, 5};
}

std::vector<double> numbers(const Tensor& x) {
  std::vector<double> all;
  const Tensor flat = reshape(x, {-1});
  for (int64_t i = 0; i < flat.numel(); ++i) all.push_back(flat.at({i}));
  return all;
}

using Row = std::vector<double>;

}  // namespace

TEST_CASE("rows of a state are reordered by its list", "[layers][state]") {
  Outer state = sample();
  const Outer chosen = select_rows(state, from<int64_t>({2, 2, 1, 0}, {4}));
  REQUIRE(numbers(state.below[0].hidden) == Row{0, 1, 2});  // beside the state
  reorder(state, from<int64_t>({2, 1}, {2}));
  REQUIRE(numbers(state.below[0].hidden) == Row{2, 1});
  REQUIRE(numbers(state.below[1].hidden) == Row{20, 10});
  REQUIRE(numbers(state.stacked) == Row{200, 100, 2000, 1000});  // along its own batch dimension
  REQUIRE_FALSE(state.below[0].absent.defined());
  REQUIRE(state.offset == 5);
  REQUIRE(numbers(chosen.below[1].hidden) == Row{20, 20, 10, 0});
  REQUIRE(chosen.stacked.shape() == Shape{2, 4});
}

TEST_CASE("a detached state has the same values off the tape", "[layers][state]") {
  const Tensor x = ones({3}, f64).requires_grad_();
  std::vector<Inner> states{{x * 2, {}}, {x * 3, {}}};
  const std::vector<Inner> cut = detach(states);
  REQUIRE(states[1].hidden.requires_grad());
  REQUIRE_FALSE(cut[1].hidden.requires_grad());
  REQUIRE(numbers(cut[1].hidden) == Row{3, 3, 3});
}

TEST_CASE("padding keeps the state of before", "[layers][state]") {
  const Outer before = sample();
  Outer after = sample();
  for_each_tensor(after, [](const StateName&, Tensor& x, int64_t) { x = x + 1; });
  after.below[0].absent = ones({3}, f64);  // was not there before: stays
  keep_where_false(to(from<int64_t>({0, 1, 0}, {3}), boolean), before, after);
  REQUIRE(numbers(after.below[0].hidden) == Row{0, 2, 2});
  REQUIRE(numbers(after.stacked) == Row{0, 101, 200, 0, 1001, 2000});
  REQUIRE(numbers(after.below[0].absent) == Row{1, 1, 1});
}

TEST_CASE("the tensors of a state have names and come back by them", "[layers][state]") {
  Outer state = sample();
  state.more = Inner{ones({3}, f64), {}};
  const NamedTensors named = named_tensors(state);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : named) names.push_back(name);
  REQUIRE(names == std::vector<std::string>{"below.0.hidden", "below.1.hidden", "stacked", "more.hidden", "offset"});
  REQUIRE(named_tensors(state.below)[1].first == "1.hidden");
  Outer other = sample();
  other.below[0] = {ones({1}), ones({1})};
  other.offset = 0;
  load_tensors(other, named);
  REQUIRE(numbers(other.below[0].hidden) == Row{0, 1, 2});
  REQUIRE_FALSE(other.below[0].absent.defined());
  REQUIRE(numbers(other.more.hidden) == Row{1, 1, 1});
  REQUIRE(other.offset == 5);
  other.below[0].hidden.fill_(9);
  REQUIRE(numbers(state.below[0].hidden) == Row{0, 1, 2});  // no shared memory

  NamedTensors strange = named, short_of = named;
  strange.emplace_back("stranger", ones({1}));
  short_of.pop_back();
  REQUIRE_THROWS_WITH(load_tensors(other, strange), test::contains("1 of the tensors"));
  REQUIRE_THROWS_WITH(load_tensors(other, short_of), test::contains("offset is missing"));
  REQUIRE(numbers(other.below[0].hidden) == Row{9, 9, 9});
}

TEST_CASE("walking a state allocates nothing and follows the list", "[layers][state]") {
  Outer state = sample();
  std::array<int64_t, 8> sizes{};
  size_t found = 0;
  const MemoryStats before = memory_stats();
  for_each_tensor(state, [&](const StateName&, Tensor& x, int64_t) { sizes[found++] = x.numel(); });
  REQUIRE(memory_stats().live_blocks == before.live_blocks);
  REQUIRE(found == 3);
  REQUIRE(sizes == std::array<int64_t, 8>{3, 3, 6, 0, 0, 0, 0, 0});
}
