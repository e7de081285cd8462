// Exact answers to the geometric tasks: the teachers of a pointer network, and the judges of what it says.
//
// Points are (x, y) pairs; an answer is a list of positions of points. Polygons are closed: the last corner is joined
// to the first. Errors: ValueError where there is no answer. No state: thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fovea::examples {

struct Place {
  double x = 0, y = 0;
};
using Positions = std::vector<int64_t>;

double distance(const Place& a, const Place& b);

// The corners of the convex hull, anticlockwise, beginning with the one that stands first in the input. A point on an
// edge is no corner, and of equal points one is. Andrew's monotone chain, n log n. At least one point.
Positions convex_hull(std::span<const Place> points);

// The shortest closed tour through all points, from point 0 and anticlockwise (of its two directions, the one with
// positive signed area). Held & Karp 1962: 2^n n² steps; 1 to 16 points.
Positions shortest_tour(std::span<const Place> points);

double tour_length(std::span<const Place> points, const Positions& tour);
// Signed: positive where the corners run anticlockwise.
double area(std::span<const Place> points, const Positions& corners);
// At least three corners and no two edges that meet anywhere but in a common corner.
bool is_simple(std::span<const Place> points, const Positions& corners);

}  // namespace fovea::examples
