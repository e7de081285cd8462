// Dates as people write them, and as ISO 8601 does: the data of a task whose answers are known.
//
//   written   "3 May 1979", "May 3rd, 1979", "Thursday 3 May 1979", "03/05/79", ... one of `forms()`
//   iso       "1979-05-03"
//
// All days from 1950-01-01 to 2049-12-31. Numbers alone stand in the order day, month, year, or year, month, day where
// the year comes first; two digits of a year are those of one year of the hundred. So each form has one meaning.
// Every tenth day is held out for the test and every tenth for validation, whatever the form. Errors: IndexError.
#pragma once

#include <fovea/core/random.h>
#include <fovea/optim/training/text/pairs.h>

namespace fovea::examples {

using namespace text;

// Days since 1950-01-01, below day_count.
inline constexpr int64_t day_count = 36525;

enum class Share { training, validation, test };
Share share_of(int64_t day);
// A day of one share.
int64_t draw_day(Share share, Generator& generator);

int64_t forms();
std::string written(int64_t day, int64_t form);
std::string iso(int64_t day);

// A day as it is written and as ISO 8601 has it, character by character.
Pair pair_of(int64_t day, int64_t form);
// Pairs of fresh days of one share in random forms; of one form where `form` is given.
std::vector<Pair> draw_pairs(int64_t count, Share share, Generator& generator, int64_t form = -1);

// The characters that a date is made of.
const Vocabulary& date_characters();
// ValueError for a character that no date has, naming it.
void check_characters(const std::string& text);

}  // namespace fovea::examples
