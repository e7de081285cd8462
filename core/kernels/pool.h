// Pooling of images, f32 and f64: the largest element of each window, and where it stood.
#pragma once

#include <cstdint>

namespace fovea::kernels {

// One of the two directions of an image: output i meets the rows i stride + u dilation - padding, u < kernel.
struct PoolAxis {
  int64_t in, kernel, stride, padding, dilation, out;
};

struct PoolSizes {
  int64_t planes;  // B C
  PoolAxis rows, columns;
};

// x [planes, H, W], y and positions [planes, H', W']: the position within the plane of the largest element, the first
// of equals or of NaN; y -inf and position -1 where a window meets no element.
template <class T>
void max_pool2d(const PoolSizes& n, const T* x, T* y, int32_t* positions);
// dx [planes, H, W]: the sum of what of g [planes, H', W'] has its position there.
template <class T>
void max_pool2d_spread(const PoolSizes& n, const T* g, const int32_t* positions, T* dx);
// y(p, i, j) = x(p, position), 0 where that is -1.
template <class T>
void max_pool2d_pick(const PoolSizes& n, const T* x, const int32_t* positions, T* y);

}  // namespace fovea::kernels
