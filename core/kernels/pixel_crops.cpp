#include <fovea/core/kernels/pixel_crops.h>
#include <fovea/core/parallel.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

constexpr int64_t kPiece = 1 << 14;  // pixels that are worth a thread

int64_t grain_of(int64_t pixels) { return std::max<int64_t>(1, kPiece / std::max<int64_t>(1, pixels)); }

// The part of a window along one direction that lies on the image: begin to end - 1 of the window.
struct Part {
  Part(int64_t corner, int64_t window, int64_t image)
      : first(std::clamp(corner, -window, image)),
        begin(std::max<int64_t>(0, -first)),
        end(std::max(begin, std::min(window, image - first))) {}
  int64_t first, begin, end;
};

}  // namespace

template <class T>
void pixel_crops(const CropSizes& n, const T* x, const int64_t* corners, T* y) {
  const int64_t h = n.crop_rows, w = n.crop_columns, size = n.channels * h * w;
  parallel_for(n.batch * n.crops, grain_of(size), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const Part rows(corners[2 * k], h, n.rows), columns(corners[2 * k + 1], w, n.columns);
      const T* image = x + k / n.crops * n.channels * n.rows * n.columns;
      T* crop = y + k * size;
      for (int64_t c = 0; c < n.channels; ++c, image += n.rows * n.columns)
        for (int64_t i = 0; i < h; ++i, crop += w) {
          if (i < rows.begin || i >= rows.end) {
            std::fill_n(crop, w, T(0));
            continue;
          }
          const T* row = image + (rows.first + i) * n.columns + columns.first;
          std::fill_n(crop, columns.begin, T(0));
          std::copy(row + columns.begin, row + columns.end, crop + columns.begin);
          std::fill(crop + columns.end, crop + w, T(0));
        }
    }
  });
}

template <class T>
void pixel_crops_spread(const CropSizes& n, const T* g, const int64_t* corners, T* dx) {
  const int64_t h = n.crop_rows, w = n.crop_columns, plane = n.rows * n.columns, size = n.channels * h * w;
  parallel_for(n.batch, grain_of(n.channels * plane + n.crops * size), [&](int64_t begin, int64_t end) {
    std::fill(dx + begin * n.channels * plane, dx + end * n.channels * plane, T(0));
    for (int64_t k = begin * n.crops; k < end * n.crops; ++k) {
      const Part rows(corners[2 * k], h, n.rows), columns(corners[2 * k + 1], w, n.columns);
      T* image = dx + k / n.crops * n.channels * plane;
      const T* crop = g + k * size;
      for (int64_t c = 0; c < n.channels; ++c, image += plane, crop += h * w)
        for (int64_t i = rows.begin; i < rows.end; ++i) {
          T* row = image + (rows.first + i) * n.columns + columns.first;
          for (int64_t j = columns.begin; j < columns.end; ++j) row[j] += crop[i * w + j];
        }
    }
  });
}

template void pixel_crops<float>(const CropSizes&, const float*, const int64_t*, float*);
template void pixel_crops<double>(const CropSizes&, const double*, const int64_t*, double*);
template void pixel_crops_spread<float>(const CropSizes&, const float*, const int64_t*, float*);
template void pixel_crops_spread<double>(const CropSizes&, const double*, const int64_t*, double*);

}  // namespace fovea::kernels
