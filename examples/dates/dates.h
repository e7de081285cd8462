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

#include <string>
#include <string_view>

namespace fovea::examples {

// Days since 1950-01-01, below day_count.
inline constexpr int64_t day_count = 36525;

enum class Share { training, validation, test };
Share share_of(int64_t day);
// A day of one share.
int64_t draw_day(Share share, Generator& generator);

int64_t forms();
std::string written(int64_t day, int64_t form);
std::string iso(int64_t day);

// The characters that a date is made of, as ids: 0 fills up, 1 begins, 2 ends, then the characters.
class Characters {
 public:
  static constexpr int64_t pad = 0, begin = 1, end = 2;
  static int64_t count();
  // -1 for a character that no date has.
  static int64_t id(char c);
  static char character(int64_t id);
};

}  // namespace fovea::examples
