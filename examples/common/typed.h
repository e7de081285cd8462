// What somebody typed for --look, taken apart; an image is typed as the name of its file.
//
//   typed_words("0.3, 0.1*")            {"0.3", "0.1*"}: between blanks and commas
//   typed_numbers("0.3 -0.1")           {0.3, -0.1}
//   typed_image("photo.png", 3, 32)     f32 [1, 3, 32, 32] in [0, 1]
//   typed_digit("seven.png", 28)        f32 [1, 1, 28, 28], 1 is ink
//
// An image of another size lies in the middle, with the mean of its border around it; a larger one is first made to fit
// by the means of its pixels. A digit with a light border is dark ink on paper: it is turned to light on dark. Errors:
// ValueError for what is no number, or nothing at all; FileError for what is no image (image_file.h).
#pragma once

#include <fovea/core/tensor.h>

#include <string>
#include <vector>

namespace fovea::examples {

std::vector<std::string> typed_words(const std::string& text);
double typed_number(const std::string& word);
std::vector<double> typed_numbers(const std::string& text);
Tensor typed_image(const std::string& file, int64_t channels, int64_t side);
Tensor typed_digit(const std::string& file, int64_t side);

}  // namespace fovea::examples
