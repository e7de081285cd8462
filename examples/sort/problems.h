// What examples/sort asks a pointer network: items at random, and the positions that answer them, made fresh for every
// batch.
//   sort   N numbers in [0, 1]; their positions from the least to the greatest
//   hull   N points in the unit square; the corners of their convex hull, anticlockwise from the first in the input
//   tsp    N points; the shortest closed tour, anticlockwise from point 0
// Errors: ValueError for an unknown task or a number of items that it cannot have.
#pragma once

#include <fovea/core/creation.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/sort/geometry.h"

namespace fovea::examples {

struct Sets {
  Tensor points;   // [B, N, I]
  Tensor answers;  // i64 [B, U]: positions; with a stop slot then N; then -100
};

// The positions that a row of answers, or of what was decoded, names before its end.
Positions positions(const Tensor& ids, int64_t row, int64_t items);
// The points of one set of the unit square.
std::vector<Place> places(const Tensor& points, int64_t set);

// Of many sets, by name.
using Figures = std::vector<std::pair<std::string, double>>;

class Problem {
 public:
  virtual ~Problem() = default;
  virtual int64_t inputs() const = 0;
  virtual bool stop() const = 0;  // answers vary in length
  // ValueError for a number of items that the task cannot have.
  virtual void check_items(int64_t items) const = 0;
  Sets make(int64_t batch, int64_t items, Generator& generator) const;

  // How good answers are, added up over sets.
  class Judge {
   public:
    virtual ~Judge() = default;
    virtual void add(const Tensor& points, int64_t set, const Positions& found, const Positions& right) = 0;
    virtual Figures figures() const = 0;
    virtual double score() const = 0;  // what training watches, in percent: lower is better
  };
  virtual std::unique_ptr<Judge> judge() const = 0;

 protected:
  virtual Positions solve(const Tensor& points, int64_t set) const = 0;
};

std::unique_ptr<Problem> make_problem(std::string_view task);

}  // namespace fovea::examples
