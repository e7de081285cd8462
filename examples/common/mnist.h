// MNIST: handwritten digits. LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document
// recognition".
//
//   mnist/train-images-idx3-ubyte.gz  [60000, 28, 28], 255 is ink
//   mnist/train-labels-idx1-ubyte.gz  [60000], 0 to 9
//   mnist/t10k-images-idx3-ubyte.gz   [10000, 28, 28]
//   mnist/t10k-labels-idx1-ubyte.gz   [10000]
//
// Errors: FileError with file and byte for files that are not so (idx.h), that hold no digit or a label above 9.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/ops.h>

#include "examples/common/command_line.h"
#include "examples/common/idx.h"

namespace fovea::examples {

struct Digits {
  Tensor images;  // u8 [n, 28, 28]
  Tensor labels;  // i64 [n]
};

// What a network gets of some of them.
struct LabelledImages {
  Tensor images;  // f32 [n, 1, size, size], 1 is ink
  Tensor labels;  // i64 [n]
};

// A part, "train" or "t10k", of `least` digits at least.
inline Digits read_mnist(const CommandLine& line, const std::string& part, int64_t least = 1) {
  const std::filesystem::path labels = line.data_file("mnist/" + part + "-labels-idx1-ubyte.gz"),
                              images = line.data_file("mnist/" + part + "-images-idx3-ubyte.gz");
  Digits digits{{}, to(read_idx(labels, u8, {-1}), i64)};
  const int64_t count = digits.labels.size(0);
  if (count < least)
    throw FileError(fmt::format("mnist: {}: byte 4: size {}; need at least {}", labels.string(), count, least));
  for (int64_t i = 0; i < count; ++i)
    if (const int64_t label = digits.labels.data<int64_t>()[i]; label > 9)
      throw FileError(fmt::format("mnist: {}: byte {}: label {}; need 0 to 9", labels.string(), 8 + i, label));
  digits.images = read_idx(images, u8, {count, 28, 28});
  return digits;
}

// f32 [n, 1, 28, 28], 1 is ink: the images of `rows`, i64 [n].
inline Tensor images_at(const Digits& digits, const Tensor& rows) {
  return unsqueeze(to(index_select(digits.images, 0, rows), f32), 1) / 255.0;
}
inline Tensor labels_at(const Digits& digits, const Tensor& rows) { return index_select(digits.labels, 0, rows); }

}  // namespace fovea::examples
