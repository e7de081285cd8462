// Dates as people write them, and as ISO 8601 does: the data of a task whose answers are known.
//
//   written   "3 May 1979", "May 3rd, 1979", "Thursday 3 May 1979", "03/05/79", ... one of `forms()`
//   iso       "1979-05-03"
//
// All days from 1950-01-01 to 2049-12-31. Numbers alone stand in the order day, month, year, or year, month, day where
// the year comes first; two digits of a year are those of one year of the hundred. So each form has one meaning.
// Every tenth day is held out for the test and every tenth for validation, whatever the form. Errors: IndexError.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/random.h>
#include <fovea/optim/training/text/pairs.h>
#include <fovea/optim/training/text/utf8.h>

#include <array>
#include <chrono>

namespace fovea::examples {

using namespace text;

// Days since 1950-01-01, below day_count.
inline constexpr int64_t day_count = 36525;

enum class Share { training, validation, test };

inline constexpr std::string_view kCharacters = " ,./-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> kWeekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};

// What a form may be made of: numbers and words of one day.
struct Parts {
  int year;
  unsigned month, day, weekday;
  std::string_view month_name() const { return kMonths[month - 1]; }
  std::string_view short_month() const { return month_name().substr(0, 3); }
  std::string_view weekday_name() const { return kWeekdays[weekday]; }
  std::string_view short_weekday() const { return weekday_name().substr(0, 3); }
  std::string_view ordinal() const {
    if (day / 10 == 1) return "th";
    return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
  }
};

inline Parts parts_of(int64_t day) {
  if (day < 0 || day >= day_count) throw IndexError(fmt::format("dates: day {}; need 0 to {}", day, day_count - 1));
  const std::chrono::sys_days first = std::chrono::year{1950} / std::chrono::January / 1;
  const std::chrono::sys_days it = first + std::chrono::days{day};
  const std::chrono::year_month_day date{it};
  return {int{date.year()}, unsigned{date.month()}, unsigned{date.day()}, std::chrono::weekday{it}.c_encoding()};
}

using Form = std::string (*)(const Parts&);
inline constexpr Form kForms[] = {
    [](const Parts& p) { return fmt::format("{} {} {}", p.day, p.month_name(), p.year); },
    [](const Parts& p) { return fmt::format("{} {} {}", p.day, p.short_month(), p.year); },
    [](const Parts& p) { return fmt::format("{}{} of {} {}", p.day, p.ordinal(), p.month_name(), p.year); },
    [](const Parts& p) { return fmt::format("{} {}, {}", p.month_name(), p.day, p.year); },
    [](const Parts& p) { return fmt::format("{} {}{}, {}", p.month_name(), p.day, p.ordinal(), p.year); },
    [](const Parts& p) { return fmt::format("{} {} {} {}", p.weekday_name(), p.day, p.month_name(), p.year); },
    [](const Parts& p) { return fmt::format("{}, {} {}, {}", p.weekday_name(), p.month_name(), p.day, p.year); },
    [](const Parts& p) { return fmt::format("{} {:02} {} {}", p.short_weekday(), p.day, p.short_month(), p.year); },
    [](const Parts& p) { return fmt::format("{:02}-{}-{}", p.day, p.short_month(), p.year); },
    [](const Parts& p) { return fmt::format("{:02}/{:02}/{:02}", p.day, p.month, p.year % 100); },
    [](const Parts& p) { return fmt::format("{:02}/{:02}/{}", p.day, p.month, p.year); },
    [](const Parts& p) { return fmt::format("{}.{}.{}", p.day, p.month, p.year); },
    [](const Parts& p) { return fmt::format("{}/{:02}/{:02}", p.year, p.month, p.day); },
    [](const Parts& p) { return fmt::format("{}, {} {}", p.year, p.month_name(), p.day); },
};

// Mixed, so that no calendar period decides.
inline Share share_of(int64_t day) {
  auto mixed = static_cast<uint64_t>(day) * 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ (mixed >> 31)) * 0xBF58476D1CE4E5B9u;
  const uint64_t tenth = (mixed >> 33) % 10;
  return tenth == 0 ? Share::test : tenth == 1 ? Share::validation : Share::training;
}

// A day of one share.
inline int64_t draw_day(Share share, Generator& generator) {
  for (;;) {
    const int64_t day = generator.randint(0, day_count);
    if (share_of(day) == share) return day;
  }
}

inline int64_t forms() { return std::size(kForms); }

inline std::string written(int64_t day, int64_t form) {
  if (form < 0 || form >= forms()) throw IndexError(fmt::format("dates: form {}; need 0 to {}", form, forms() - 1));
  return kForms[form](parts_of(day));
}

inline std::string iso(int64_t day) {
  const Parts p = parts_of(day);
  return fmt::format("{}-{:02}-{:02}", p.year, p.month, p.day);
}

// A day as it is written and as ISO 8601 has it, character by character.
inline Pair pair_of(int64_t day, int64_t form) { return {characters(written(day, form)), characters(iso(day))}; }

// Pairs of fresh days of one share in random forms; of one form where `form` is given.
inline std::vector<Pair> draw_pairs(int64_t count, Share share, Generator& generator, int64_t form = -1) {
  std::vector<Pair> pairs;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t day = draw_day(share, generator);
    pairs.push_back(pair_of(day, form < 0 ? generator.randint(0, forms()) : form));
  }
  return pairs;
}

// The characters that a date is made of.
inline const Vocabulary& date_characters() {
  static const Vocabulary all = Vocabulary::of(characters(kCharacters), true);
  return all;
}

// ValueError for a character that no date has, naming it; `where` the text stands.
inline void check_characters(std::string_view text, std::string_view where) {
  int64_t number = 1;
  for (size_t position = 0; position < text.size(); ++number) {
    const std::string_view c = next_character(text, position);
    if (c.size() == 1 && kCharacters.find(c) != std::string_view::npos) continue;
    throw ValueError(fmt::format(
        "{}: \"{}\": character {} is '{}', which no date has; need letters A-Z a-z, digits, blanks and , . / -", where,
        text, number, c));
  }
}

}  // namespace fovea::examples
