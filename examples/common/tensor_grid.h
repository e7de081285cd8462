// From a Tensor to the Grid that pictures and the terminal show.
#pragma once

#include <fovea/core/tensor.h>

#include "examples/common/grid.h"

namespace fovea::examples {

// A copy of a tensor of rank 2, or of rank 1 as a single row; any element type. Errors: ShapeError for other ranks.
Grid grid_of(const Tensor& x);

}  // namespace fovea::examples
