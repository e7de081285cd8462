// Omniglot: characters of many alphabets, each drawn by twenty people. Lake, Salakhutdinov, Tenenbaum 2015,
// "Human-level concept learning through probabilistic program induction".
//
//   omniglot28-background-images-idx3-ubyte.gz   [N, 28, 28], 255 is ink      -labels-idx1-short   [N], 0, 0, .., 1, ..
//   omniglot28-evaluation-images-idx3-ubyte.gz   the same of other alphabets
//
// The drawings of a character stand together, as many of each. Errors: FileError for files that are not so.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/ops.h>

#include "examples/common/command_line.h"
#include "examples/common/idx.h"

namespace fovea::examples {

// u8 [characters, drawings, 28, 28] of a part, "background" or "evaluation".
inline Tensor read_characters(const CommandLine& line, const std::string& part) {
  const std::string of_part = "omniglot/omniglot28-" + part;
  const std::filesystem::path names = line.data_file(of_part + "-labels-idx1-short"),
                              drawn = line.data_file(of_part + "-images-idx3-ubyte.gz");
  const Tensor labels = to(read_idx(names, i32, {-1}), i64);
  const int64_t count = labels.size(0);
  const int64_t* label = labels.data<int64_t>();
  const int64_t characters = count == 0 ? 0 : label[count - 1] + 1, drawings = characters < 1 ? 0 : count / characters;
  for (int64_t i = 0; i < count; ++i)
    if (drawings < 1 || label[i] != i / drawings || characters * drawings != count)
      throw FileError(
          fmt::format("omniglot: {}: byte {}: label {} of drawing {}; need those of a character together, and "
                      "as many of each",
                      names.string(), 8 + 2 * i, label[i], i));
  return reshape(read_idx(drawn, u8, {count, 28, 28}), {characters, drawings, 28, 28});
}

// UsageError unless there are as many characters as episodes are made of, and as many drawings of each.
inline void check_enough(const std::string& what, const Tensor& characters, int64_t least, int64_t drawings) {
  if (characters.size(0) < least || characters.size(1) < drawings)
    throw UsageError(
        fmt::format("omniglot: {}: {} characters of {} drawings; these episodes need {} of {}: smaller --ways, "
                    "--pool or --shots, or other --data",
                    what, characters.size(0), characters.size(1), least, drawings));
}

// Each character four times: as it is, and turned by one, two and three right angles, which are characters of their
// own.
inline Tensor with_rotations(const Tensor& characters) {
  std::vector<Tensor> turned{characters};
  for (int quarter = 1; quarter < 4; ++quarter) turned.push_back(flip(transpose(turned.back(), 2, 3), 3));
  return cat(turned, 0);
}

// f32 [n, 1, 28, 28], 1 is ink: drawings i64 [n] of [characters, drawings, 28, 28], counted through.
inline Tensor images_of(const Tensor& characters, const Tensor& drawings) {
  return unsqueeze(to(index_select(flatten(characters, 0, 1), 0, drawings), f32), 1) / 255.0;
}

// Each of `images` [n, 1, H, W] moved by up to `most` pixels along both sides; what comes in is 0.
inline Tensor moved(const Tensor& images, int64_t most, Generator& generator) {
  if (most == 0) return images;
  Tensor result = zeros_like(images);
  for (int64_t i = 0; i < images.size(0); ++i) {
    Tensor target = select(result, 0, i), source = select(images, 0, i);
    for (const int64_t dim : {1, 2}) {
      const int64_t by = generator.randint(-most, most + 1), n = target.size(dim);
      target = slice(target, dim, std::max<int64_t>(by, 0), n + std::min<int64_t>(by, 0));
      source = slice(source, dim, std::max<int64_t>(-by, 0), n + std::min<int64_t>(-by, 0));
    }
    target.copy_(source);
  }
  return result;
}

}  // namespace fovea::examples
