#include "examples/common/tensor_grid.h"

#include <fovea/core/array.h>

namespace fovea::examples {

Grid grid_of(const Tensor& x) {
  if (x.dim() != 1 && x.dim() != 2) throw ShapeError("grid_of: x is " + describe(x) + "; need rank 1 or 2");
  const Tensor values = array::contiguous(array::to(x, f32));
  const float* first = values.data<float>();
  return {x.dim() == 1 ? 1 : x.size(0), x.size(-1), std::vector<float>(first, first + values.numel())};
}

}  // namespace fovea::examples
