// Animated GIF of a few frames of one size, shown for ever. At most 256 colours in all frames together: exactly theirs
// where they are as few, else the commonest half as they are and the rest brought together by giflib (median cut).
//
// Errors: ValueError when there is no frame, one is empty or above 65535 pixels wide or high, or the time is not within
// what GIF holds, 0.01 to 655.35 seconds; ShapeError when frames differ in size; FileError when giflib fails. No state:
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "examples/common/canvas.h"

namespace fovea::examples {

// The file's bytes.
std::string gif(const std::vector<Pixels>& frames, double seconds_a_frame);

}  // namespace fovea::examples
