// A world to track in: a digit moves with constant velocity among others and is thrown back by the sides; a bar stands
// where it will pass.
//
//   symbol   shape                     meaning
//   T                                  frames after the first
//   S                                  side of a frame, pixels
//   frames   f32 [B, T + 1, 1, S, S]   ink is 1, the bar 0.5, which hides what is behind it
//   boxes    f32 [B, T + 1, 4]         of the first digit's ink, hidden or not: centre y and x, height, width
//   seen     f32 [B, T + 1]            the share of its ink that no bar hides
//
// A digit's speed is between half of `speed` and all of it, its direction any. The bar runs from side to side, across
// the way of the first digit, through where its centre is in a frame of the middle third. Digits that meet lie over
// each other. Errors: ValueError for images that do not fit into a frame.
#pragma once

#include <fmt/format.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>
#include <fovea/core/random.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace fovea::examples {

struct WorldOptions {
  int64_t side = 64;    // S
  int64_t frames = 10;  // T
  int64_t distractors = 1;
  int64_t bar = 12;  // pixels wide; 0: none
  double speed = 2;  // pixels a frame
};

struct Scenes {
  Tensor frames, boxes, seen;
};

// Along one side of the image, pixels begin to begin + size.
struct Ink {
  int64_t begin = 0, size = 0;
};

// Rows and columns of a digit, u8 [28, 28], in which there is ink of at least 64; all of them where there is none.
inline std::array<Ink, 2> ink_of(const uint8_t* image) {
  constexpr int64_t n = 28;
  std::array<int64_t, 2> first{n, n}, last{-1, -1};
  for (int64_t i = 0; i < n * n; ++i)
    for (size_t side = 0; side < 2 && image[i] >= 64; ++side) {
      const int64_t at = side == 0 ? i / n : i % n;
      first[side] = std::min(first[side], at), last[side] = std::max(last[side], at);
    }
  if (last[0] < 0) return {Ink{0, n}, Ink{0, n}};
  return {Ink{first[0], last[0] + 1 - first[0]}, Ink{first[1], last[1] + 1 - first[1]}};
}

// A digit on its way: where its ink begins, in rows and columns.
class Mover {
 public:
  Mover(const uint8_t* image, const WorldOptions& o, Generator& generator)
      : image_(image), ink_(ink_of(image)), side_(o.side) {
    const double speed = o.speed * (0.5 + 0.5 * generator.uniform()),
                 angle = 2 * std::numbers::pi * generator.uniform();
    velocity_ = {speed * std::sin(angle), speed * std::cos(angle)};
    for (size_t side = 0; side < 2; ++side) place_[side] = generator.uniform() * room(side);
  }

  void move() {
    for (size_t side = 0; side < 2; ++side) {
      double& at = place_[side];
      at += velocity_[side];
      if (at >= 0 && at <= room(side)) continue;
      velocity_[side] = -velocity_[side];
      at = std::clamp(at < 0 ? -at : 2 * room(side) - at, 0.0, room(side));
    }
  }

  int64_t begin(size_t side) const { return std::lround(place_[side]); }
  int64_t size(size_t side) const { return ink_[side].size; }
  double centre(size_t side) const { return static_cast<double>(begin(side)) + static_cast<double>(size(side)) / 2; }
  size_t faster_side() const { return std::abs(velocity_[0]) > std::abs(velocity_[1]) ? 0 : 1; }

  // each(pixel of the frame, ink in [0, 1])
  template <class Each>
  void pixels(Each&& each) const {
    for (int64_t i = 0; i < size(0); ++i)
      for (int64_t j = 0; j < size(1); ++j)
        each((begin(0) + i) * side_ + begin(1) + j,
             static_cast<float>(image_[(ink_[0].begin + i) * 28 + ink_[1].begin + j]) / 255);
  }

 private:
  double room(size_t side) const { return static_cast<double>(side_ - ink_[side].size); }

  const uint8_t* image_;
  std::array<Ink, 2> ink_;
  int64_t side_;
  std::array<double, 2> place_{}, velocity_{};
};

// A bar across rows (side 0) or columns (side 1) begin to end.
struct Bar {
  size_t side = 0;
  int64_t begin = 0, end = 0;
  bool hides(int64_t pixel, int64_t frame_side) const {
    const int64_t at = side == 0 ? pixel / frame_side : pixel % frame_side;
    return at >= begin && at < end;
  }
};

inline Bar draw_bar(Mover target, const WorldOptions& o, Generator& generator) {
  const int64_t meets = generator.randint(o.frames / 3, std::max(o.frames / 3 + 1, 2 * o.frames / 3));
  for (int64_t t = 0; t < meets; ++t) target.move();
  const size_t side = target.faster_side();
  const int64_t begin = std::lround(target.centre(side) - static_cast<double>(o.bar) / 2);
  return {side, begin, begin + o.bar};
}

// One scene's frames; `box` 4 and `seen` 1 a frame.
inline void draw_scene(std::vector<Mover> movers, const Bar& bar, const WorldOptions& o, float* frame, float* box,
                       float* seen) {
  const int64_t size = o.side * o.side;
  for (int64_t t = 0; t <= o.frames; ++t, frame += size, box += 4, ++seen) {
    const Mover& target = movers.front();
    for (const Mover& mover : movers)
      mover.pixels([&](int64_t at, float ink) { frame[at] = std::max(frame[at], ink); });
    for (int64_t at = 0; at < size; ++at)
      if (bar.hides(at, o.side)) frame[at] = 0.5F;
    float all = 0, visible = 0;
    target.pixels([&](int64_t at, float ink) { all += ink, visible += bar.hides(at, o.side) ? 0 : ink; });
    *seen = all > 0 ? visible / all : 1;
    for (size_t side = 0; side < 2; ++side) {
      box[side] = static_cast<float>(target.centre(side));
      box[side + 2] = static_cast<float>(target.size(side));
    }
    for (Mover& mover : movers) mover.move();
  }
}

// `batch` scenes of digits, u8 [n, 28, 28].
inline Scenes draw_scenes(const Tensor& digits, const WorldOptions& o, int64_t batch, Generator& generator) {
  if (digits.dim() != 3 || digits.size(0) < 1 || digits.size(1) != 28 || digits.size(2) != 28 || o.side < 28)
    throw ValueError(fmt::format("draw_scenes: digits are {}, frames {} pixels wide; need [n, 28, 28] and at least 28",
                                 describe(digits), o.side));
  const int64_t S = o.side, T = o.frames + 1;
  Scenes scenes{zeros({batch, T, 1, S, S}), empty({batch, T, 4}), empty({batch, T})};
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Mover> movers;
    for (int64_t i = 0; i <= o.distractors; ++i)
      movers.emplace_back(digits.data<uint8_t>() + generator.randint(0, digits.size(0)) * 28 * 28, o, generator);
    const Bar bar = o.bar > 0 ? draw_bar(movers.front(), o, generator) : Bar{};
    draw_scene(std::move(movers), bar, o, scenes.frames.data<float>() + b * T * S * S,
               scenes.boxes.data<float>() + b * T * 4, scenes.seen.data<float>() + b * T);
  }
  return scenes;
}

}  // namespace fovea::examples
