// The teachers of examples/sort: hulls and tours against other ways of finding them, and the judges of answers.
#include <fovea/core/error.h>
#include <fovea/core/random.h>
#include <tests/catch.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "examples/sort/problems.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

std::vector<Place> random_places(int64_t count, Generator& generator) {
  std::vector<Place> points;
  for (int64_t i = 0; i < count; ++i) points.push_back({generator.uniform(), generator.uniform()});
  return points;
}

double side_of(const Place& a, const Place& b, const Place& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

Figures judged(const char* task, const Tensor& points, const Positions& said, const Positions& right) {
  const auto judge = make_problem(task).judge();
  judge->add(points, 0, said, right);
  return judge->figures();
}

double figure(const Figures& figures, const std::string& name) {
  for (const auto& [key, value] : figures)
    if (key == name) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

TEST_CASE("a hull is anticlockwise, begins with its first point, and holds all others", "[examples][sort]") {
  Generator generator(1);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<Place> points = random_places(3 + trial % 12, generator);
    const Positions hull = convex_hull(points);
    REQUIRE(hull.size() >= 3);
    REQUIRE(*std::min_element(hull.begin(), hull.end()) == hull.front());
    REQUIRE(area(points, hull) > 0);
    REQUIRE(is_simple(points, hull));
    for (size_t i = 0; i < hull.size(); ++i) {
      const Place &a = points[static_cast<size_t>(hull[i])],
                  &b = points[static_cast<size_t>(hull[(i + 1) % hull.size()])];
      for (size_t k = 0; k < points.size(); ++k) {
        const bool corner = std::find(hull.begin(), hull.end(), static_cast<int64_t>(k)) != hull.end();
        if (corner) continue;
        REQUIRE(side_of(a, b, points[k]) > 0);
      }
    }
  }
}

TEST_CASE("hulls of special sets", "[examples][sort]") {
  const std::vector<Place> square{{1, 0}, {0.5, 0.5}, {0, 0}, {0.5, 0}, {1, 1}, {0, 1}};  // 3 lies on an edge
  REQUIRE(convex_hull(square) == Positions{0, 4, 5, 2});
  const std::vector<Place> one{{0.3, 0.4}}, twice{{0.3, 0.4}, {0.3, 0.4}}, line{{0.5, 0.5}, {0, 0}, {1, 1}};
  REQUIRE(convex_hull(one) == Positions{0});
  REQUIRE(convex_hull(twice) == Positions{0});
  REQUIRE(convex_hull(line) == Positions{1, 2});
  REQUIRE_THROWS_AS(convex_hull({}), ValueError);
}

TEST_CASE("no order of the cities is shorter than the shortest tour", "[examples][sort]") {
  Generator generator(2);
  for (int64_t n : {1, 2, 3, 5, 7}) {
    const std::vector<Place> points = random_places(n, generator);
    const Positions tour = shortest_tour(points);
    REQUIRE(static_cast<int64_t>(tour.size()) == n);
    REQUIRE(tour.front() == 0);
    Positions order(tour);
    std::sort(order.begin(), order.end());
    double best = std::numeric_limits<double>::infinity();
    do best = std::min(best, tour_length(points, order));
    while (std::next_permutation(order.begin() + 1, order.end()));
    REQUIRE(tour_length(points, tour) == test::Approx(best));
    if (n > 2) REQUIRE(area(points, tour) > 0);
    if (n > 2) REQUIRE(is_simple(points, tour));
  }
  REQUIRE_THROWS_AS(shortest_tour(random_places(17, generator)), ValueError);
}

TEST_CASE("what is a simple polygon", "[examples][sort]") {
  const std::vector<Place> points{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0.5, 0}};
  REQUIRE(is_simple(points, {0, 1, 2, 3}));
  REQUIRE(is_simple(points, {0, 4, 1, 2}));
  REQUIRE_FALSE(is_simple(points, {0, 2, 1, 3}));  // crosses
  REQUIRE_FALSE(is_simple(points, {0, 1, 4, 2}));  // runs back
  REQUIRE_FALSE(is_simple(points, {0, 1}));
}

TEST_CASE("answers of the tasks are what they are said to be", "[examples][sort]") {
  Generator generator(3);
  const Sets sorting = make_problem("sort").make(20, 6, generator);
  for (int64_t b = 0; b < 20; ++b)
    for (int64_t i = 1; i < 6; ++i)
      REQUIRE(sorting.points.at({b, sorting.answers.at<int64_t>({b, i - 1}), 0}) <=
              sorting.points.at({b, sorting.answers.at<int64_t>({b, i}), 0}));
  const Sets hulls = make_problem("hull").make(20, 5, generator);
  for (int64_t b = 0; b < 20; ++b) {
    const Positions hull = positions(hulls.answers, b, 5);
    REQUIRE(hull == convex_hull(places(hulls.points, b)));
    const auto n = static_cast<int64_t>(hull.size());
    REQUIRE(hulls.answers.at<int64_t>({b, n}) == 5);
    for (int64_t i = n + 1; i < hulls.answers.size(1); ++i) REQUIRE(hulls.answers.at<int64_t>({b, i}) == -100);
  }
  REQUIRE_THROWS_AS(make_problem("hull").make(1, 2, generator), ValueError);
  REQUIRE_THROWS_AS(make_problem("tsp").make(1, 13, generator), ValueError);
  REQUIRE_THROWS_AS(make_problem("knit"), ValueError);
}

TEST_CASE("the judges", "[examples][sort]") {
  const Tensor square = tensor({0.f, 0.f, 1.f, 0.f, 1.f, 1.f, 0.f, 1.f}, {1, 4, 2});
  const Positions right{0, 1, 2, 3};
  REQUIRE(figure(judged("hull", square, right, right), "exact_percent") == 100);
  const Figures half = judged("hull", square, {0, 1, 2}, right), crossed = judged("hull", square, {0, 2, 1, 3}, right);
  REQUIRE(figure(half, "exact_percent") == 0);
  REQUIRE(figure(half, "area_percent") == test::Approx(50));
  REQUIRE(figure(crossed, "not_simple_percent") == 100);
  const Figures tour = judged("tsp", square, {0, 2, 1, 3}, right);
  REQUIRE(figure(tour, "optimal_tour_length") == test::Approx(4));
  REQUIRE(figure(tour, "tour_length") == test::Approx(2 + 2 * std::sqrt(2)));
}
