// Sampling of images whose channels lie side by side in the lanes of vectors: where a place falls is worked out
// once for all of them, and no element is gathered by itself. What each element is does not depend on its neighbours.
#pragma once

#include <fovea/core/kernels/grid_sample.h>

namespace fovea::kernels {

// Whether to: with few channels most lanes are empty, and an image of which little is read is turned over for nothing.
// Pairs of pixels need two columns.
inline bool grid_in_lanes(const GridSizes& n) {
  return n.columns < 2 || (n.channels >= 4 && n.rows * n.columns <= 4 * n.places);
}

// As grid_sample and grid_sample_backward.
template <class T>
void grid_sample_lanes(const GridSizes& n, const T* x, const T* grid, T* y);
template <class T>
void grid_sample_backward_lanes(const GridSizes& n, const T* dy, const T* x, const T* grid, T* d_x, T* d_grid);

}  // namespace fovea::kernels
