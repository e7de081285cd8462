// Pictures of images: pixels as they are, and over them what a network does there: boxes, a path of glimpses, a grid of
// sampling points, weights. One picture as PNG, several one after the other as an animated GIF.
//
// Coordinates are pixels of the image: (0, 0) is the upper left corner of the first pixel, (0.5, 0.5) its middle. What
// lies outside is drawn in the margin around the image, up to half an image far, and cut off there. Values outside
// [0, 1] are drawn as the nearest of both; NaN is red. A page is at most 760 points wide: there are fewer panels a row
// where more would not fit, and smaller images where not even one would.
//
// Errors: ShapeError when an image is not [C, H, W] with C 1 or 3 and at least one pixel, weights are not [h, w] with h
// that divides H and w that divides W, or frames differ in how many panels they have or in the sizes of their images;
// ValueError when a weight is negative or not finite, a coordinate is not finite, or as in gif.h; FileError when the
// file cannot be written. The file appears whole or not at all. No state: thread-safe.
#pragma once

#include <fovea/core/tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "examples/common/canvas.h"

namespace fovea::examples {

struct Outline {
  Box box{};
  Colour colour = series_colour(1);
  double width = 1.5;  // points
};

struct ImagePanel {
  Tensor image;  // [C, H, W] in [0, 1]: C 1, gray, 1 is white; C 3, red, green, blue
  std::string title{};
  std::string note{};  // below the image: a word of a caption, an answer
  Tensor weights{};    // [h, w]: laid over the image, each over its share of it; the largest hides least
  std::vector<Outline> boxes{};
  std::vector<Point> path{};  // joined, numbered from 1; the first is green, the last red
  std::vector<Point> dots{};  // small: sampling points
};

struct ImagePicture {
  std::vector<ImagePanel> panels{};
  int columns = 8;         // panels a row, at most
  double image_size = 84;  // points, of an image's longer side; a little more or less, so that pixels are all alike
  std::string title{};
};

void write_picture(const std::filesystem::path& file, const ImagePicture& picture);
void write_animation(const std::filesystem::path& file, const std::vector<ImagePicture>& frames,
                     double seconds_a_frame);

}  // namespace fovea::examples
