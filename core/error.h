// Typed exceptions. A message names the op or layer, every operand's shape and type, the rule broken and the cure:
//   matmul: inner sizes differ: a is f32[8, 16], b is f32[8, 4]; need a[-1] == b[-2] (16 vs 8)
// All derive from fovea::Error, which is a std::runtime_error.
#pragma once

#include <stdexcept>
#include <string>

namespace fovea {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Sizes, ranks or broadcasts that do not fit.
struct ShapeError : Error {
  using Error::Error;
};
// Element types that do not fit; fovea never promotes between floating types silently.
struct DTypeError : Error {
  using Error::Error;
};
// A position, dimension or class id outside its range.
struct IndexError : Error {
  using Error::Error;
};
// A number or option outside its range (a probability of 2, a negative learning rate).
struct ValueError : Error {
  using Error::Error;
};
// Misuse of the tape: a second backward, a saved tensor changed in place, a gradient of the wrong shape, NaN found.
struct AutogradError : Error {
  using Error::Error;
};
// A file that cannot be read or written, or is corrupt; names the path, the byte offset and errno where there is one.
struct FileError : Error {
  using Error::Error;
};

}  // namespace fovea
