// Text with a weight on each word, as a picture: lines of words, each on a ground that is darker the greater its weight
// is, 0 white and 1 almost black; the number stands below words that have at least a twentieth. Notes stand below the
// lines, such as a question and its answer. Errors: ShapeError unless every word has a weight; those of picture.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fovea::examples {

struct WeightedText {
  struct Note {
    std::string name{}, text{};
    bool wrong = false;  // in red
  };
  std::string title{};
  std::vector<std::vector<std::string>> lines{};
  std::vector<std::vector<float>> weights{};  // as the words
  std::vector<Note> notes{};
};

struct WeightedTextPicture {
  std::vector<WeightedText> panels{};  // below each other
  std::string title{};
};

void write_picture(const std::filesystem::path& file, const WeightedTextPicture& picture);

}  // namespace fovea::examples
