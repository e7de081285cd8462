// IDX, the format of MNIST's files and of others made like them: two bytes of 0, a byte for the type, one for the
// number of dimensions, their sizes as u32, then the elements row by row; all numbers with the largest byte first.
//
//   const Tensor labels = read_idx("t10k-labels-idx1-ubyte.gz", u8, {-1});                  // u8 [10000]
//   const Tensor images = read_idx("t10k-images-idx3-ubyte.gz", u8, {labels.size(0), 28, 28});
//
// A file may be packed by gzip. u8 is type 8; i32 takes the 16 bits of type 11 too. Errors: FileError with file and
// byte (of the unpacked file) for a file that cannot be read, is cut short or longer than its sizes say, has another
// type, or other sizes than asked for (-1: any), before memory for the elements is taken; for a damaged gzip file.
#pragma once

#include <fovea/core/tensor.h>

#include <filesystem>

namespace fovea::examples {

Tensor read_idx(const std::filesystem::path& file, DType dtype, const Shape& sizes);

}  // namespace fovea::examples
