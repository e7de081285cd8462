// Pairs of sentences from a file of tab-separated values: source, target, and further columns that are passed over.
//
// UTF-8, one pair a line; a byte order mark and carriage returns are dropped. Nothing goes unnoticed: lines without a
// word on one side and pairs longer than `max_length` are counted, and what cannot be a pair stops the reading.
// Errors: FileError as `file:line: what is wrong`: one column only, bytes that are not UTF-8, a line beyond
// `max_line` bytes, no pair in the whole file. Cost: the file is read at once.
#pragma once

#include <fovea/optim/training/text/vocabulary.h>

#include <filesystem>
#include <string>
#include <vector>

namespace fovea::text {

struct Pair {
  Words source{};
  Words target{};
};

struct PairLimits {
  size_t max_length = 10;     // tokens a side
  size_t max_line = 100'000;  // bytes
};

struct PairFile {
  std::vector<Pair> pairs{};
  int64_t empty = 0;     // lines without a word on one side
  int64_t too_long = 0;  // pairs with a side beyond `max_length`
  // "127,895 pairs; left out: 3 empty, 14,892 longer than 10 tokens".
  std::string report(const PairLimits& limits) const;
};

PairFile read_pairs(const std::filesystem::path& file, const PairLimits& limits);

}  // namespace fovea::text
