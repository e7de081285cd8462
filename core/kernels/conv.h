// Convolution of images, f32 and f64, and its two gradients. None of them makes a matrix of patches: with x padded and
// split by the stride, what one tap of the filters meets is a run of memory, so the products read shifted rows in
// place. Each sum has a fixed order, for any number of threads.
#pragma once

#include <cstdint>

namespace fovea::kernels {

// One of the two directions of an image; out = (in + 2 padding - kernel) / stride + 1.
struct ConvAxis {
  int64_t in, kernel, stride, padding, out;
};

struct ConvSizes {
  int64_t batch, channels, filters;
  ConvAxis rows, columns;
};

// y(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, j stride + v - padding), 0
// outside x. x [B, C, H, W], weight [O, C, kH, kW], bias [O] or null, y [B, O, H', W'].
template <class T>
void conv2d(const ConvSizes& n, const T* x, const T* weight, const T* bias, T* y);
// The gradient of sum(g y) by x; g has y's shape, dx x's.
template <class T>
void conv2d_input(const ConvSizes& n, const T* g, const T* weight, T* dx);
// The gradient of sum(g y) by the weight.
template <class T>
void conv2d_weight(const ConvSizes& n, const T* g, const T* x, T* dweight);

}  // namespace fovea::kernels
