// The sentences of the translate program: the file, the split, what a person types.
#pragma once

#include <fovea/optim/training/text/corpus.h>

#include "examples/common/command_line.h"

namespace fovea::examples {

using namespace text;

// A path, or a name below --data.
std::filesystem::path pairs_file(const CommandLine& line, const std::string& given);
// Pairs of at most `max_length` tokens a side; `limit` of them to learn from, 0: all. Says on stderr what it found.
Split read_split(const std::filesystem::path& file, int64_t max_length, int64_t validation, int64_t test,
                 int64_t limit);
Vocabulary count_words(const std::vector<Pair>& pairs, int64_t size, Words Pair::*side);

std::vector<Words> sources_of(const std::vector<Sentence>& sentences);
std::vector<Pair> pairs_of(const std::vector<Sentence>& sentences);  // one a reference

// The words of a line that somebody typed, with a notice of all that is not as the model learned it.
Words typed(const std::string& text, const std::string& where, const Vocabulary& vocabulary, size_t max_length);

}  // namespace fovea::examples
