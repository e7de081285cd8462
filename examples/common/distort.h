// Images distorted at random, as data sets for networks that learn where to look. Each of the batch is drawn anew.
//
//   rotated                    R of [1]: by an angle of [-most, most], around the middle; 90 degrees there
//   rotated_scaled_translated  RTS of [1]: turned, scaled and put at any place of a larger image where it fits unturned
//   projected                  P of [1]: the corners are read from places up to `most` pixels, in each direction, away
//   elastic                    [2]: each pixel is read from a place alpha (G * u) pixels away, where u is drawn from
//                              [-1, 1] for each pixel and direction and G is a Gaussian of deviation sigma, which sums
//                              to 1; beyond the image u is 0
//   translated                 [3]: at any whole place of `size` x `size` zeros
//   cluttered                  [3]: translated, and `pieces` squares of `piece` x `piece` pixels, from any place of any
//                              other image of the batch, at any place; where ink meets, the darker stays
//   binarised                  [4]: 1 with the pixel's value as probability, else 0
//
// [1] Jaderberg, Simonyan, Zisserman, Kavukcuoglu 2015, arXiv 1506.02025. [2] Simard, Steinkraus, Platt 2003, "Best
// practices for convolutional neural networks applied to visual document analysis". [3] Mnih, Heess, Graves,
// Kavukcuoglu 2014, arXiv 1406.6247. [4] Gregor et al. 2015, arXiv 1502.04623.
// This file decides: all draws are uniform, but those of binarised; places between pixels are read bilinearly, beside
// the image is 0.
//
// Shapes: images f32 or f64 [B, C, H, W], 1 is ink; results of the same size, but where one is given. Errors:
// ShapeError, DTypeError for other images; ValueError where the numbers rule nothing out or everything: negative or not
// finite ones, a canvas that is smaller than what it holds, corners that could cross (most of a quarter of the image or
// more), pieces of a single image, values outside of [0, 1] to binarise. Cost: a few reads a pixel. The same generator
// gives the same images for any number of threads.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

namespace fovea::examples {

struct PlaceOptions {
  double most_degrees = 45, least_scale = 0.7, most_scale = 1.2;
  int64_t size = 42;  // of the larger image
};

struct ElasticOptions {
  double alpha = 34, sigma = 4;  // pixels; those of [2]
};

struct ClutterOptions {
  int64_t size = 60, pieces = 4, piece = 8;
};

Tensor rotated(const Tensor& images, double most_degrees, Generator& generator);
Tensor rotated_scaled_translated(const Tensor& images, const PlaceOptions& options, Generator& generator);
Tensor projected(const Tensor& images, double most, Generator& generator);
Tensor elastic(const Tensor& images, const ElasticOptions& options, Generator& generator);
Tensor translated(const Tensor& images, int64_t size, Generator& generator);
Tensor cluttered(const Tensor& images, const ClutterOptions& options, Generator& generator);
Tensor binarised(const Tensor& images, Generator& generator);

}  // namespace fovea::examples
