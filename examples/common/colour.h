// Colours of the pictures and of the terminal, made by formula in a perceptually even space.
//
// Equations: Oklab (B. Ottosson, "A perceptual color space for image processing", 2020), in polar form (lightness,
// chroma, hue). A ramp is even when its lightness is linear in the value: then equal steps of a weight look equal.
// Values outside [0, 1] (or [-1, 1] for the diverging ramp) are clamped. No state: thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace fovea::examples {

struct Colour {
  double red = 0;
  double green = 0;
  double blue = 0;
};

inline double srgb_from_linear(double light) {
  light = std::clamp(light, 0.0, 1.0);
  return light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

// Lightness in [0, 1], chroma (grey at 0, vivid near 0.2), hue in degrees; brought into sRGB by clipping.
inline Colour oklch(double lightness, double chroma, double hue) {
  const double angle = hue * std::numbers::pi / 180;
  const double a = chroma * std::cos(angle);
  const double b = chroma * std::sin(angle);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {srgb_from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          srgb_from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          srgb_from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

// 0 is almost the white of the page, 1 almost black: light yellow-green, teal, blue, night.
inline Colour sequential_colour(double value) {
  const double t = std::clamp(value, 0.0, 1.0);
  const double chroma = 0.11 * std::pow(std::sin(2.75 * std::pow(t, 0.8)), 0.9);  // ends at a blue night, not at grey
  return oklch(0.995 - 0.745 * t, chroma, 150 + 125 * std::pow(t, 0.7));
}

// -1 blue, 0 almost white, 1 red; lightness is symmetric around 0.
inline Colour diverging_colour(double value) {
  const double t = std::clamp(value, -1.0, 1.0);
  const double size = std::abs(t);
  const double chroma = 0.14 * std::sin(0.5 * std::numbers::pi * std::min(1.0, 1.25 * size));
  return oklch(0.99 - 0.55 * size, chroma, t < 0 ? 252 : 35);
}

// The colour of the n-th line in a chart: equal lightness, hues apart.
inline Colour series_colour(int index) {
  constexpr std::array<double, 8> hues = {254, 45, 155, 350, 300, 95, 205, 20};
  const auto place = static_cast<size_t>(index) % hues.size();
  const bool again = static_cast<size_t>(index) / hues.size() % 2 == 1;
  return oklch(again ? 0.42 : 0.60, 0.14, hues[place]);
}

}  // namespace fovea::examples
