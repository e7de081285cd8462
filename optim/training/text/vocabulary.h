// The words that a model knows, by number: four marks, then words in order of how often they were counted.
//
//   0 <pad>   1 <begin>   2 <end>   3 <unk>, for every word that has no number
//
// Equal counts go in the order of bytes, so the numbers do not depend on the order of the text. A file holds one word a
// line. Errors: IndexError for an id outside; FileError for a file that is no vocabulary. Reading is thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fovea::text {

using Words = std::vector<std::string>;
Words characters(std::string_view text);  // one a byte

class Vocabulary {
 public:
  static constexpr int64_t pad = 0, begin = 1, end = 2, unknown = 3;

  // The marks, then these. A `closed` vocabulary has no <unk>: words that it does not know are an IndexError.
  static Vocabulary of(const Words& words, bool closed = false);
  // The most frequent words of `sentences`: at most `size` numbers, the marks included, and each word at least
  // `least` times.
  static Vocabulary count(const std::vector<const Words*>& sentences, int64_t size, int64_t least = 1);
  static Vocabulary load(const std::filesystem::path& file);
  void save(const std::filesystem::path& file) const;

  int64_t size() const { return static_cast<int64_t>(words_.size()); }
  bool knows(std::string_view word) const { return numbers_.count(std::string(word)) > 0; }
  int64_t id(std::string_view word) const;
  const std::string& word(int64_t id) const;
  std::vector<int64_t> ids(const Words& words) const;
  Words words(const std::vector<int64_t>& ids) const;

 private:
  explicit Vocabulary(bool closed = false);
  void add(std::string word);
  Words words_;
  std::unordered_map<std::string, int64_t> numbers_;
};

}  // namespace fovea::text
