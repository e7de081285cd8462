// Windows of whole pixels cut from images, and their sum back into images.
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct CropSizes {
  int64_t batch, crops, channels;   // B, K, C
  int64_t rows, columns;            // H, W
  int64_t crop_rows, crop_columns;  // h, w
};

// x [B, C, H, W], corners [B, K, 2], any numbers -> y [B, K, C, h, w], 0 where a window lies beside the image.
template <class T>
void pixel_crops(const CropSizes& n, const T* x, const int64_t* corners, T* y);
// dx [B, C, H, W]: the sum of what of g [B, K, C, h, w] lies there, crop by crop.
template <class T>
void pixel_crops_spread(const CropSizes& n, const T* g, const int64_t* corners, T* dx);

}  // namespace fovea::kernels
