// Shakespeare as the Transformer reads it: one number a character, in windows that each predict the next one.
#pragma once

#include <fmt/format.h>
#include <fovea/core/creation.h>
#include <fovea/optim/training/text_file.h>

#include "examples/transformer/options.h"

namespace fovea::examples {

// A text as numbers: bytes that occur, in their order.
struct CharacterText {
  std::string alphabet{};
  std::vector<int64_t> training{}, validation{};  // the first nine tenths, and the rest

  int64_t id(char c) const {
    const size_t at = alphabet.find(c);
    if (at == std::string::npos)
      throw ValueError(fmt::format("the character with byte {} does not occur in the text; begin with others",
                                   static_cast<int>(static_cast<unsigned char>(c))));
    return static_cast<int64_t>(at);
  }
  std::string text(const std::vector<int64_t>& ids) const {
    std::string text;
    for (const int64_t id : ids) text += alphabet[static_cast<size_t>(id)];
    return text;
  }
};

inline CharacterText load_text(const Options& o) {
  constexpr const char* name = "text/tinyshakespeare.txt";
  const auto file = o.data_file(
      name, fmt::format("it is data/tinyshakespeare/input.txt of github.com/karpathy/char-rnn, to be put as DIR/{}; "
                        "any other text will do",
                        name));
  const std::string text = read_text(file);
  if (static_cast<int64_t>(text.size()) < 20 * (o.context + 1))
    throw FileError(fmt::format("{}: {} characters; need at least {} for a context of {}", file.string(), text.size(),
                                20 * (o.context + 1), o.context));
  CharacterText found;
  for (int c = 0; c < 256; ++c)
    if (text.find(static_cast<char>(c)) != std::string::npos) found.alphabet += static_cast<char>(c);
  for (const char c : o.beginning) found.id(c);  // refused now rather than after training
  for (size_t i = 0; i < text.size(); ++i)
    (i < text.size() / 10 * 9 ? found.training : found.validation).push_back(found.id(text[i]));
  return found;
}

// Windows of a text, and the characters that come next: both i64 [B, T].
struct Windows {
  std::vector<int64_t> inputs{}, targets{};
  void add(const std::vector<int64_t>& text, int64_t at, int64_t T) {
    inputs.insert(inputs.end(), text.begin() + at, text.begin() + at + T);
    targets.insert(targets.end(), text.begin() + at + 1, text.begin() + at + T + 1);
  }
  Tensor input_ids(int64_t T) const { return from(inputs, {static_cast<int64_t>(inputs.size()) / T, T}); }
  Tensor target_ids(int64_t T) const { return from(targets, {static_cast<int64_t>(targets.size()) / T, T}); }
};

}  // namespace fovea::examples
