#include "examples/common/typed.h"

#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/pool.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "examples/common/image_file.h"

namespace fovea::examples {
namespace {

// The mean of each channel's border, [C, 1, 1].
Tensor border_of(const Tensor& image) {
  const auto flat = [](const Tensor& x) { return flatten(x, 1); };
  const int64_t H = image.size(1), W = image.size(2);
  const Tensor all = cat({flat(slice(image, 1, 0, 1)), flat(slice(image, 1, H - 1)), flat(slice(image, 2, 0, 1)),
                          flat(slice(image, 2, W - 1))},
                         1);
  return reshape(mean(all, 1), {image.size(0), 1, 1});
}

// One grey channel, or three.
Tensor with_channels(const Tensor& image, int64_t channels) {
  if (image.size(0) == channels) return image;
  if (channels == 3) return contiguous(expand(image, {3, image.size(1), image.size(2)}));
  return sum(image * reshape(to(tensor({0.299, 0.587, 0.114}), f32), {3, 1, 1}), 0, true);
}

Tensor in_the_middle(Tensor image, int64_t side) {
  const int64_t longest = std::max(image.size(1), image.size(2));
  if (longest > side) {
    const auto fitting = [&](int64_t size) { return std::max<int64_t>(1, (size * side + longest / 2) / longest); };
    image = squeeze(adaptive_avg_pool2d(unsqueeze(image, 0), {fitting(image.size(1)), fitting(image.size(2))}), 0);
  }
  Tensor whole = contiguous(expand(border_of(image), {image.size(0), side, side}));
  const int64_t top = (side - image.size(1)) / 2, left = (side - image.size(2)) / 2;
  slice(slice(whole, 1, top, top + image.size(1)), 2, left, left + image.size(2)).copy_(image);
  return whole;
}

}  // namespace

std::vector<std::string> typed_words(const std::string& text) {
  std::string spaced = text;
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  std::istringstream in(spaced);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.empty()) throw ValueError("--look: nothing to look at; need something that is typed");
  return words;
}

double typed_number(const std::string& word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
    throw ValueError(fmt::format("--look: '{}' is no number; need some such as 0.3 0.1 0.7", word));
  return value;
}

std::vector<double> typed_numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& word : typed_words(text)) numbers.push_back(typed_number(word));
  return numbers;
}

Tensor typed_image(const std::string& file, int64_t channels, int64_t side) {
  return unsqueeze(in_the_middle(with_channels(read_image(file), channels), side), 0);
}

Tensor typed_digit(const std::string& file, int64_t side) {
  Tensor image = with_channels(read_image(file), 1);
  if (border_of(image).item() > 0.5) image = 1.0 - image;
  return unsqueeze(in_the_middle(image, side), 0);
}

}  // namespace fovea::examples
