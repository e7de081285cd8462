// Where the ticks of an axis go and what is written beside them.
//
// Linear: multiples of 1, 2 or 5 times a power of ten. Logarithmic: powers of ten, with 2 and 5 between them when the
// axis spans few. Empty or reversed ranges give a single tick. No state: thread-safe.
#pragma once

#include <string>
#include <vector>

namespace fovea::examples {

struct Tick {
  double value = 0;
  std::string text;
};

// At most about `count` ticks inside [low, high].
std::vector<Tick> linear_ticks(double low, double high, int count);

// The same for a logarithmic axis; low must be positive.
std::vector<Tick> log_ticks(double low, double high, int count);

// The least of 1, 2, 5, 10, 20, 50 ... that is at least `least`.
double nice_step(double least);

}  // namespace fovea::examples
