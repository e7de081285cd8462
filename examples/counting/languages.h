// Languages whose sentences can be foretold in part by one who counts, or keeps what was read. Joulin & Mikolov 2015,
// arXiv 1503.01007, section 4. Of each symbol a sentence says whether it is determined by those before it.
//
//   name          a sentence of size n                            determined, besides the first symbol where it is `a`
//   anbn          a^n b^n                                         every b but the first
//   anbncn        a^n b^n c^n                                     the same, every c
//   anbncndn      a^n b^n c^n d^n                                 the same, every d
//   anb2n         a^n b^2n                                        every b but the first
//   anbmcnm       a^(n-m) b^m c^n, 1 <= m < n                     every c but the first
//   memorisation  a word of n letters a and b, =, the word backwards            what follows =
//   addition      two binary numbers of n digits in all, x+y=, their sum from its lowest digit on, .    the same
//
// A number begins with 1, or has one digit. Errors: ValueError for an unknown name and a size below the least.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/core/random.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

struct Word {
  std::string text{};
  std::vector<bool> determined{};  // of each symbol
};

struct Language {
  std::string name{}, symbols{};
  int64_t min_size = 1;
  bool random = false;  // sentences of one size differ
  Word (*draw)(int64_t n, Generator& generator) = nullptr;

  Word make(int64_t n, Generator& generator) const {
    if (n >= min_size) return draw(n, generator);
    throw ValueError(fmt::format("{}: size {}; need at least {}", name, n, min_size));
  }
  int64_t id(char symbol) const { return static_cast<int64_t>(symbols.find(symbol)); }
};

// a^counts[0] b^counts[1] ...: the first `free` runs end when they like, and the next one's first symbol tells.
inline Word runs(const std::vector<int64_t>& counts, size_t free) {
  Word made;
  for (size_t i = 0; i < counts.size(); ++i)
    for (int64_t j = 0; j < counts[i]; ++j) {
      made.text += static_cast<char>('a' + i);
      made.determined.push_back(i > free || (i == free && j > 0) || made.text.size() == 1);
    }
  return made;
}

inline Word after_equals(std::string text) {
  Word made{std::move(text), {}};
  const size_t asked = made.text.find('=');
  for (size_t i = 0; i < made.text.size(); ++i) made.determined.push_back(i > asked);
  return made;
}

inline Word draw_memorisation(int64_t n, Generator& generator) {
  std::string word;
  for (int64_t i = 0; i < n; ++i) word += generator.randint(0, 2) == 0 ? 'a' : 'b';
  return after_equals(word + "=" + std::string(word.rbegin(), word.rend()));
}

// x and y from their lowest digit on.
inline std::string sum_of_digits(const std::string& x, const std::string& y) {
  std::string digits;
  int carry = 0;
  for (size_t i = 0; i < std::max(x.size(), y.size()) || carry > 0; ++i) {
    carry += (i < x.size() ? x[i] - '0' : 0) + (i < y.size() ? y[i] - '0' : 0);
    digits += static_cast<char>('0' + carry % 2);
    carry /= 2;
  }
  return digits;
}

inline Word draw_addition(int64_t n, Generator& generator) {
  const auto number = [&](int64_t digits) {
    std::string made;
    for (int64_t i = 0; i < digits; ++i)
      made += i == 0 && digits > 1 ? '1' : static_cast<char>('0' + generator.randint(0, 2));
    return made;
  };
  const int64_t first = generator.randint(1, n);
  const std::string x = number(first), y = number(n - first);
  const auto backwards = [](const std::string& text) { return std::string(text.rbegin(), text.rend()); };
  return after_equals(x + "+" + y + "=" + sum_of_digits(backwards(x), backwards(y)) + ".");
}

inline const std::vector<Language>& languages() {
  static const std::vector<Language> all{
      {"anbn", "ab", 1, false,
       [](int64_t n, Generator&) {
         return runs({n, n}, 1);
       }},
      {"anbncn", "abc", 1, false,
       [](int64_t n, Generator&) {
         return runs({n, n, n}, 1);
       }},
      {"anbncndn", "abcd", 1, false,
       [](int64_t n, Generator&) {
         return runs({n, n, n, n}, 1);
       }},
      {"anb2n", "ab", 1, false,
       [](int64_t n, Generator&) {
         return runs({n, 2 * n}, 1);
       }},
      {"anbmcnm", "abc", 2, true,
       [](int64_t n, Generator& generator) {
         const int64_t m = generator.randint(1, n);
         return runs({n - m, m, n}, 2);
       }},
      {"memorisation", "ab=", 1, true, draw_memorisation},
      {"addition", "01+=.", 2, true, draw_addition},
  };
  return all;
}

inline const Language& language(std::string_view name) {
  std::string names;
  for (const Language& each : languages()) {
    if (each.name == name) return each;
    names += (names.empty() ? "" : ", ") + each.name;
  }
  throw ValueError(fmt::format("language \"{}\" is unknown; choose one of {}", name, names));
}

}  // namespace fovea::examples
