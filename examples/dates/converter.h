// A model that converts dates, character by character: batches to teach it with, and what it answers.
#pragma once

#include <fovea/layers/seq2seq/rnn_search.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "examples/dates/dates.h"

namespace fovea::examples {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // written, iso

struct DateBatch {
  Tensor source, lengths;  // i64 [B, T], padded, and [B]
  Tensor heard, target;    // i64 [B, 11]
};

// Pairs of fresh days of one share in random forms; of one form where `form` is given.
Pairs draw_pairs(int64_t count, Share share, Generator& generator, int64_t form = -1);
DateBatch batch_of(const Pairs& pairs);

// What the model makes of dates, greedily. Errors: ValueError for a character that no date has, naming it.
std::vector<std::string> convert(const RnnSearch& model, const std::vector<std::string>& dates);
// Share of the pairs that come out right to the last character.
double exact_percent(const RnnSearch& model, const Pairs& pairs);
// Heatmaps, characters on both axes.
void draw_attention(const RnnSearch& model, const std::vector<std::string>& dates, const std::filesystem::path& file);

}  // namespace fovea::examples
