// What examples/sort asks a pointer network: items at random, and the positions that answer them, made fresh for every
// batch.
//   sort   N numbers in [0, 1]; their positions from the least to the greatest
//   hull   N points in the unit square; the corners of their convex hull, anticlockwise from the first in the input
//   tsp    N points; the shortest closed tour, anticlockwise from point 0
// Errors: ValueError for an unknown task or a number of items that it cannot have.
#pragma once

#include <fmt/format.h>
#include <fovea/core/creation.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "examples/sort/geometry.h"

namespace fovea::examples {

struct Sets {
  Tensor points;   // [B, N, I]
  Tensor answers;  // i64 [B, U]: positions; with a stop slot then N; then -100
};

// The positions that a row of answers, or of what was decoded, names before its end.
inline Positions positions(const Tensor& ids, int64_t row, int64_t items) {
  Positions all;
  for (int64_t i = 0; i < ids.size(1); ++i) {
    const auto id = ids.at<int64_t>({row, i});
    if (id < 0 || id >= items) break;
    all.push_back(id);
  }
  return all;
}

// The points of one set of the unit square.
inline std::vector<Place> places(const Tensor& points, int64_t set) {
  std::vector<Place> all;
  for (int64_t i = 0; i < points.size(1); ++i) all.push_back({points.at({set, i, 0}), points.at({set, i, 1})});
  return all;
}

inline double percent(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// Of many sets, by name.
using Figures = std::vector<std::pair<std::string, double>>;

// How good answers are, added up over sets.
class Judge {
 public:
  virtual ~Judge() = default;
  virtual void add(const Tensor&, int64_t, const Positions& found, const Positions& right) {
    ++sets_;
    if (found == right) ++exact_;
  }
  virtual Figures figures() const { return {{"exact_percent", percent(exact_, sets_)}}; }
  // What training watches, in percent: lower is better.
  virtual double score() const { return 100 - percent(exact_, sets_); }

 protected:
  int64_t sets_ = 0, exact_ = 0;
};

// Areas count where the answer is a polygon without crossings; the corners are points of the set, so it lies within
// the hull and its share of the hull's area is what it covers.
class HullJudge final : public Judge {
 public:
  void add(const Tensor& points, int64_t set, const Positions& found, const Positions& right) override {
    Judge::add(points, set, found, right);
    const std::vector<Place> corners = places(points, set);
    if (!is_simple(corners, found)) return;
    ++simple_;
    covered_ += std::abs(area(corners, found)) / area(corners, right);
  }
  Figures figures() const override {
    Figures all = Judge::figures();
    all.emplace_back("area_percent", simple_ == 0 ? 0 : 100 * covered_ / static_cast<double>(simple_));
    all.emplace_back("not_simple_percent", percent(sets_ - simple_, sets_));
    return all;
  }

 private:
  int64_t simple_ = 0;
  double covered_ = 0;
};

// Watches the length of the tours rather than exactness: a tour that is nearly as short is nearly as good.
class TourJudge final : public Judge {
 public:
  void add(const Tensor& points, int64_t set, const Positions& found, const Positions& right) override {
    Judge::add(points, set, found, right);
    const std::vector<Place> cities = places(points, set);
    length_ += tour_length(cities, found);
    optimum_ += tour_length(cities, right);
  }
  Figures figures() const override {
    const double n = static_cast<double>(std::max<int64_t>(1, sets_));
    Figures all = Judge::figures();
    all.emplace_back("tour_length", length_ / n);
    all.emplace_back("optimal_tour_length", optimum_ / n);
    return all;
  }
  double score() const override { return optimum_ > 0 ? 100 * (length_ / optimum_ - 1) : 0; }

 private:
  double length_ = 0, optimum_ = 0;
};

struct Problem {
  std::string_view name{};
  int64_t inputs = 1;           // features of an item
  bool stop = false;            // answers vary in length
  int64_t least = 1, most = 1;  // items
  Positions (*solve)(const Tensor& points, int64_t set) = nullptr;
  std::unique_ptr<Judge> (*judge)() = nullptr;

  // ValueError for a number of items that the task cannot have.
  void check_items(int64_t items) const {
    if (items < least || items > most)
      throw ValueError(fmt::format("--task {} with {} items; need {} to {}", name, items, least, most));
  }
  Sets make(int64_t batch, int64_t items, Generator& generator) const;
};

inline Sets Problem::make(int64_t batch, int64_t items, Generator& generator) const {
  check_items(items);
  const Tensor points = uniform({batch, items, inputs}, 0, 1, generator);
  std::vector<Positions> answers;
  size_t length = 0;
  for (int64_t b = 0; b < batch; ++b) {
    answers.push_back(solve(points, b));
    if (stop) answers.back().push_back(items);
    length = std::max(length, answers.back().size());
  }
  std::vector<int64_t> padded;
  for (Positions& answer : answers) {
    answer.resize(length, -100);
    padded.insert(padded.end(), answer.begin(), answer.end());
  }
  return {points, from(padded, {batch, static_cast<int64_t>(length)})};
}

inline Positions sorted(const Tensor& points, int64_t set) {
  Positions order(static_cast<size_t>(points.size(1)));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto value = [&](int64_t i) { return points.at({set, i, 0}); };
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) { return value(i) < value(j); });
  return order;
}

template <class J>
std::unique_ptr<Judge> new_judge() {
  return std::make_unique<J>();
}

inline Problem make_problem(std::string_view task) {
  const auto hull = [](const Tensor& points, int64_t set) { return convex_hull(places(points, set)); };
  const auto tour = [](const Tensor& points, int64_t set) { return shortest_tour(places(points, set)); };
  if (task == "sort") return {"sort", 1, false, 1, 1000, sorted, new_judge<Judge>};
  if (task == "hull") return {"hull", 2, true, 3, 1000, hull, new_judge<HullJudge>};
  if (task == "tsp") return {"tsp", 2, false, 2, 12, tour, new_judge<TourJudge>};
  throw ValueError(fmt::format("task \"{}\" is unknown; choose sort, hull or tsp", task));
}

}  // namespace fovea::examples
