#include "examples/common/text/vocabulary.h"

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>

#include "examples/common/parameter.h"
#include "examples/common/text_file.h"

namespace fovea::examples {

Vocabulary::Vocabulary() {
  for (const char* mark : {"<pad>", "<begin>", "<end>", "<unk>"}) add(mark);
}

void Vocabulary::add(std::string word) {
  numbers_.emplace(word, size());
  words_.push_back(std::move(word));
}

Vocabulary Vocabulary::of(const Words& words) {
  Vocabulary vocabulary;
  for (const std::string& word : words)
    if (!vocabulary.knows(word)) vocabulary.add(word);
  return vocabulary;
}

Vocabulary Vocabulary::count(const std::vector<const Words*>& sentences, int64_t size, int64_t least) {
  std::unordered_map<std::string, int64_t> counts;
  for (const Words* sentence : sentences)
    for (const std::string& word : *sentence) ++counts[word];
  std::vector<std::pair<std::string, int64_t>> order(counts.begin(), counts.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  Vocabulary vocabulary;
  for (auto& [word, times] : order) {
    if (vocabulary.size() >= size || times < least) break;
    if (!vocabulary.knows(word)) vocabulary.add(word);
  }
  return vocabulary;
}

Vocabulary Vocabulary::load(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  std::vector<std::string> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  Vocabulary vocabulary;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool mark = i < vocabulary.words_.size();
    if (i < 4 ? !mark || lines[i] != vocabulary.words_[i] : lines[i].empty() || vocabulary.knows(lines[i]))
      throw FileError(fmt::format("{}:{}: \"{}\"; a vocabulary begins with its four marks and has each word once",
                                  file.string(), i + 1, lines[i]));
    if (i >= 4) vocabulary.add(std::move(lines[i]));
  }
  if (lines.size() < 4)
    throw FileError(fmt::format("{}: {} lines; a vocabulary has at least 4", file.string(), lines.size()));
  return vocabulary;
}

void Vocabulary::save(const std::filesystem::path& file) const {
  std::string text;
  for (const std::string& word : words_) text += word + '\n';
  write_text(file, text);
}

int64_t Vocabulary::id(std::string_view word) const {
  const auto found = numbers_.find(std::string(word));
  return found == numbers_.end() ? unknown : found->second;
}

const std::string& Vocabulary::word(int64_t id) const {
  if (id < 0 || id >= size()) throw IndexError(fmt::format("Vocabulary: id {} of {} words", id, size()));
  return words_[static_cast<size_t>(id)];
}

std::vector<int64_t> Vocabulary::ids(const Words& words) const {
  std::vector<int64_t> ids;
  for (const std::string& each : words) ids.push_back(id(each));
  return ids;
}

Words Vocabulary::words(const std::vector<int64_t>& ids) const {
  Words words;
  for (const int64_t each : ids) words.push_back(word(each));
  return words;
}

}  // namespace fovea::examples
