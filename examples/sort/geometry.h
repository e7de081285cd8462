// Exact answers to the geometric tasks: the teachers of a pointer network, and the judges of what it says.
//
// Points are (x, y) pairs; an answer is a list of positions of points. Polygons are closed: the last corner is joined
// to the first. Errors: ValueError where there is no answer. No state: thread-safe.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace fovea::examples {

struct Place {
  double x = 0, y = 0;
};
using Positions = std::vector<int64_t>;

inline const Place& at(std::span<const Place> points, int64_t position) {
  return points[static_cast<size_t>(position)];
}

// Positive where c lies to the left of the way from a to b.
inline double turn(const Place& a, const Place& b, const Place& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

inline int sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

// c lies on the line through a and b: does it lie between them?
inline bool between(const Place& a, const Place& b, const Place& c) {
  return std::min(a.x, b.x) <= c.x && c.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= c.y &&
         c.y <= std::max(a.y, b.y);
}

inline bool edges_meet(const Place& a, const Place& b, const Place& c, const Place& d) {
  const int abc = sign(turn(a, b, c)), abd = sign(turn(a, b, d)), cda = sign(turn(c, d, a)), cdb = sign(turn(c, d, b));
  if (abc != abd && cda != cdb) return true;
  return (abc == 0 && between(a, b, c)) || (abd == 0 && between(a, b, d)) || (cda == 0 && between(c, d, a)) ||
         (cdb == 0 && between(c, d, b));
}

inline double distance(const Place& a, const Place& b) { return std::hypot(a.x - b.x, a.y - b.y); }

// The corners of the convex hull, anticlockwise, beginning with the one that stands first in the input. A point on an
// edge is no corner, and of equal points one is. Andrew's monotone chain, n log n. At least one point.
inline Positions convex_hull(std::span<const Place> points) {
  if (points.empty()) throw ValueError("convex_hull: no points; need at least 1");
  Positions order(points.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    const Place &a = at(points, i), &b = at(points, j);
    return a.x != b.x ? a.x < b.x : a.y != b.y ? a.y < b.y : i < j;
  });
  order.erase(std::unique(order.begin(), order.end(),
                          [&](int64_t i, int64_t j) {
                            return at(points, i).x == at(points, j).x && at(points, i).y == at(points, j).y;
                          }),
              order.end());
  Positions hull;
  // The lower chain from left to right, then the upper one back; each drops what is no corner of it.
  for (int chain = 0; chain < 2; ++chain) {
    const size_t first = hull.size();
    for (int64_t i : order) {
      while (hull.size() >= first + 2 &&
             turn(at(points, hull[hull.size() - 2]), at(points, hull.back()), at(points, i)) <= 0)
        hull.pop_back();
      hull.push_back(i);
    }
    if (hull.size() > 1) hull.pop_back();  // begins the other chain
    std::reverse(order.begin(), order.end());
    if (order.size() == 1) break;
  }
  std::rotate(hull.begin(), std::min_element(hull.begin(), hull.end()), hull.end());
  return hull;
}

// Signed: positive where the corners run anticlockwise.
inline double area(std::span<const Place> points, const Positions& corners) {
  double twice = 0;
  for (size_t i = 0; i < corners.size(); ++i) {
    const Place &a = at(points, corners[i]), &b = at(points, corners[(i + 1) % corners.size()]);
    twice += a.x * b.y - b.x * a.y;
  }
  return twice / 2;
}

// The shortest closed tour through all points, from point 0 and anticlockwise (of its two directions, the one with
// positive signed area). Held & Karp 1962: 2^n n² steps; 1 to 16 points.
inline Positions shortest_tour(std::span<const Place> points) {
  const auto n = static_cast<int64_t>(points.size());
  if (n < 1 || n > 16) throw ValueError(fmt::format("shortest_tour: {} points; need 1 to 16", n));
  if (n == 1) return {0};
  // best[set][j]: from point 0 through the set of points 1 .. n-1 to its member j.
  const auto others = static_cast<size_t>(n - 1);
  const size_t sets = size_t{1} << others;
  std::vector<double> best(sets * others, std::numeric_limits<double>::infinity());
  std::vector<size_t> before(sets * others, 0);
  for (size_t j = 0; j < others; ++j) best[(size_t{1} << j) * others + j] = distance(points[0], points[j + 1]);
  for (size_t set = 1; set < sets; ++set)
    for (size_t j = 0; j < others; ++j) {
      const double here = best[set * others + j];
      if ((set >> j & 1) == 0 || std::isinf(here)) continue;
      for (size_t k = 0; k < others; ++k) {
        if ((set >> k & 1) != 0) continue;
        const size_t next = (set | size_t{1} << k) * others + k;
        const double length = here + distance(points[j + 1], points[k + 1]);
        if (length >= best[next]) continue;
        best[next] = length;
        before[next] = j;
      }
    }
  size_t set = sets - 1, last = 0;
  const auto closed = [&](size_t j) { return best[set * others + j] + distance(points[j + 1], points[0]); };
  for (size_t j = 1; j < others; ++j)
    if (closed(j) < closed(last)) last = j;
  Positions tour;
  while (set != 0) {
    tour.push_back(static_cast<int64_t>(last + 1));
    const size_t from = before[set * others + last];
    set &= ~(size_t{1} << last);
    last = from;
  }
  tour.push_back(0);
  std::reverse(tour.begin(), tour.end());
  if (area(points, tour) < 0) std::reverse(tour.begin() + 1, tour.end());
  return tour;
}

inline double tour_length(std::span<const Place> points, const Positions& tour) {
  double length = 0;
  for (size_t i = 0; i < tour.size(); ++i)
    length += distance(at(points, tour[i]), at(points, tour[(i + 1) % tour.size()]));
  return length;
}

// At least three corners and no two edges that meet anywhere but in a common corner.
inline bool is_simple(std::span<const Place> points, const Positions& corners) {
  const size_t n = corners.size();
  if (n < 3) return false;
  const auto corner = [&](size_t i) -> const Place& { return at(points, corners[i % n]); };
  for (size_t i = 0; i < n; ++i) {
    // Neighbouring edges share a corner; they must not run back over each other.
    const Place &a = corner(i), &b = corner(i + 1), &c = corner(i + 2);
    if (turn(a, b, c) == 0 && (between(a, b, c) || between(b, c, a))) return false;
    for (size_t j = i + 2; j < n; ++j)
      if ((j + 1) % n != i && edges_meet(a, b, corner(j), corner(j + 1))) return false;
  }
  return true;
}

}  // namespace fovea::examples
