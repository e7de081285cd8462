#include "examples/sort/problems.h"

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace fovea::examples {
namespace {

void need_items(std::string_view task, int64_t items, int64_t least, int64_t most) {
  if (items < least || items > most)
    throw ValueError(fmt::format("--task {} with {} items; need {} to {}", task, items, least, most));
}

double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

class ExactJudge : public Problem::Judge {
 public:
  void add(const Tensor&, int64_t, const Positions& found, const Positions& right) override {
    ++sets_;
    if (found == right) ++exact_;
  }
  Figures figures() const override { return {{"exact_percent", percent(exact_, sets_)}}; }
  double score() const override { return 100 - percent(exact_, sets_); }

 protected:
  int64_t sets_ = 0, exact_ = 0;
};

class Sort final : public Problem {
 public:
  int64_t inputs() const override { return 1; }
  bool stop() const override { return false; }
  std::unique_ptr<Judge> judge() const override { return std::make_unique<ExactJudge>(); }
  void check_items(int64_t items) const override { need_items("sort", items, 1, 1000); }

 private:
  Positions solve(const Tensor& points, int64_t set) const override {
    Positions order(static_cast<size_t>(points.size(1)));
    std::iota(order.begin(), order.end(), int64_t{0});
    const auto value = [&](int64_t i) { return points.at({set, i, 0}); };
    std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) { return value(i) < value(j); });
    return order;
  }
};

// Areas count where the answer is a polygon without crossings; the corners are points of the set, so it lies within
// the hull and its share of the hull's area is what it covers.
class HullJudge final : public ExactJudge {
 public:
  void add(const Tensor& points, int64_t set, const Positions& found, const Positions& right) override {
    ExactJudge::add(points, set, found, right);
    const std::vector<Place> corners = places(points, set);
    if (!is_simple(corners, found)) return;
    ++simple_;
    covered_ += std::abs(area(corners, found)) / area(corners, right);
  }
  Figures figures() const override {
    Figures all = ExactJudge::figures();
    all.emplace_back("area_percent", simple_ == 0 ? 0 : 100 * covered_ / static_cast<double>(simple_));
    all.emplace_back("not_simple_percent", percent(sets_ - simple_, sets_));
    return all;
  }

 private:
  int64_t simple_ = 0;
  double covered_ = 0;
};

class Hull final : public Problem {
 public:
  int64_t inputs() const override { return 2; }
  bool stop() const override { return true; }
  std::unique_ptr<Judge> judge() const override { return std::make_unique<HullJudge>(); }
  void check_items(int64_t items) const override { need_items("hull", items, 3, 1000); }

 private:
  Positions solve(const Tensor& points, int64_t set) const override { return convex_hull(places(points, set)); }
};

// Watches the length of the tours rather than exactness: a tour that is nearly as short is nearly as good.
class TourJudge final : public ExactJudge {
 public:
  void add(const Tensor& points, int64_t set, const Positions& found, const Positions& right) override {
    ExactJudge::add(points, set, found, right);
    const std::vector<Place> cities = places(points, set);
    length_ += tour_length(cities, found);
    optimum_ += tour_length(cities, right);
  }
  Figures figures() const override {
    const double n = static_cast<double>(std::max<int64_t>(1, sets_));
    Figures all = ExactJudge::figures();
    all.emplace_back("tour_length", length_ / n);
    all.emplace_back("optimal_tour_length", optimum_ / n);
    return all;
  }
  double score() const override { return optimum_ > 0 ? 100 * (length_ / optimum_ - 1) : 0; }

 private:
  double length_ = 0, optimum_ = 0;
};

class Tour final : public Problem {
 public:
  int64_t inputs() const override { return 2; }
  bool stop() const override { return false; }
  std::unique_ptr<Judge> judge() const override { return std::make_unique<TourJudge>(); }
  void check_items(int64_t items) const override { need_items("tsp", items, 2, 12); }

 private:
  Positions solve(const Tensor& points, int64_t set) const override { return shortest_tour(places(points, set)); }
};

}  // namespace

Sets Problem::make(int64_t batch, int64_t items, Generator& generator) const {
  check_items(items);
  const Tensor points = uniform({batch, items, inputs()}, 0, 1, generator);
  std::vector<Positions> answers;
  size_t length = 0;
  for (int64_t b = 0; b < batch; ++b) {
    answers.push_back(solve(points, b));
    if (stop()) answers.back().push_back(items);
    length = std::max(length, answers.back().size());
  }
  std::vector<int64_t> padded;
  for (Positions& answer : answers) {
    answer.resize(length, -100);
    padded.insert(padded.end(), answer.begin(), answer.end());
  }
  return {points, from(padded, {batch, static_cast<int64_t>(length)})};
}

Positions positions(const Tensor& ids, int64_t row, int64_t items) {
  Positions all;
  for (int64_t i = 0; i < ids.size(1); ++i) {
    const auto id = ids.at<int64_t>({row, i});
    if (id < 0 || id >= items) break;
    all.push_back(id);
  }
  return all;
}

std::vector<Place> places(const Tensor& points, int64_t set) {
  std::vector<Place> all;
  for (int64_t i = 0; i < points.size(1); ++i) all.push_back({points.at({set, i, 0}), points.at({set, i, 1})});
  return all;
}

std::unique_ptr<Problem> make_problem(std::string_view task) {
  if (task == "sort") return std::make_unique<Sort>();
  if (task == "hull") return std::make_unique<Hull>();
  if (task == "tsp") return std::make_unique<Tour>();
  throw ValueError(fmt::format("task \"{}\" is unknown; choose sort, hull or tsp", task));
}

}  // namespace fovea::examples
