// The sentences of the translate program: the file, the split, what a person types.
#pragma once

#include <fmt/format.h>
#include <fovea/optim/training/text/corpus.h>
#include <fovea/optim/training/text/tokens.h>

#include "examples/common/command_line.h"
#include "examples/common/terminal.h"

namespace fovea::examples {

using namespace text;

// A path, or a name below --data.
inline std::filesystem::path pairs_file(const CommandLine& line, const std::string& given) {
  if (std::filesystem::exists(given)) return given;
  return line.data_file(given,
                        "the pairs used here are fra.txt of www.manythings.org/anki (English, tab, French), to be put "
                        "in DIR/translation; --pairs FILE takes any file of source, tab, target");
}

// Pairs of at most `max_length` tokens a side; `limit` of them to learn from, 0: all. Says on stderr what it found.
inline Split read_split(const std::filesystem::path& file, int64_t max_length, int64_t validation, int64_t test,
                        int64_t limit) {
  const PairLimits limits{.max_length = static_cast<size_t>(max_length)};
  PairFile found = read_pairs(file, limits);
  say(stderr, "{}: {}", file.string(), found.report(limits));
  Split split = split_by_source(std::move(found.pairs), validation, test);
  if (limit > 0 && static_cast<size_t>(limit) < split.training.size())
    split.training.resize(static_cast<size_t>(limit));
  say(stderr, "{} pairs to learn from, {} sentences for validation, {} for the test", split.training.size(),
      split.validation.size(), split.test.size());
  return split;
}

inline Vocabulary count_words(const std::vector<Pair>& pairs, int64_t size, Words Pair::*side) {
  std::vector<const Words*> sentences;
  for (const Pair& pair : pairs) sentences.push_back(&(pair.*side));
  return Vocabulary::count(sentences, size);
}

inline std::vector<Words> sources_of(const std::vector<Sentence>& sentences) {
  std::vector<Words> sources;
  for (const Sentence& sentence : sentences) sources.push_back(sentence.source);
  return sources;
}

// One a reference.
inline std::vector<Pair> pairs_of(const std::vector<Sentence>& sentences) {
  std::vector<Pair> pairs;
  for (const Sentence& sentence : sentences)
    for (const Words& reference : sentence.references) pairs.push_back({sentence.source, reference});
  return pairs;
}

// The words of a line that somebody typed, with a notice of all that is not as the model learned it.
inline Words typed(const std::string& text, const std::string& where, const Vocabulary& vocabulary, size_t max_length) {
  Words words = tokenize(text);
  if (words.size() > max_length) {
    say(stderr, "{}: {} words, and the model learned from at most {}; the rest is left out", where, words.size(),
        max_length);
    words.resize(max_length);
  }
  for (const std::string& word : words)
    if (!vocabulary.knows(word))
      say(stderr, "{}: \"{}\" is none of the {} words the model knows; it reads <unk>", where, word, vocabulary.size());
  return words;
}

}  // namespace fovea::examples
