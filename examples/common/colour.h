// Colours of the pictures and of the terminal, made by formula in a perceptually even space.
//
// Equations: Oklab (B. Ottosson, "A perceptual color space for image processing", 2020), in polar form (lightness,
// chroma, hue). A ramp is even when its lightness is linear in the value: then equal steps of a weight look equal.
// Values outside [0, 1] (or [-1, 1] for the diverging ramp) are clamped. No state: thread-safe.
#pragma once

namespace fovea::examples {

struct Colour {
  double red = 0;
  double green = 0;
  double blue = 0;
};

// Lightness in [0, 1], chroma (grey at 0, vivid near 0.2), hue in degrees; brought into sRGB by clipping.
Colour oklch(double lightness, double chroma, double hue);

// 0 is almost the white of the page, 1 almost black: light yellow-green, teal, blue, night.
Colour sequential_colour(double value);

// -1 blue, 0 almost white, 1 red; lightness is symmetric around 0.
Colour diverging_colour(double value);

// The colour of the n-th line in a chart: equal lightness, hues apart.
Colour series_colour(int index);

}  // namespace fovea::examples
