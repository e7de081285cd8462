#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/vocabulary.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>

namespace fovea::text {

Words characters(std::string_view text) {
  Words words;
  for (const char c : text) words.emplace_back(1, c);
  return words;
}

Vocabulary::Vocabulary(bool closed) {
  for (const char* mark : {"<pad>", "<begin>", "<end>"}) add(mark);
  if (!closed) add("<unk>");
}

void Vocabulary::add(std::string word) {
  numbers_.emplace(word, size());
  words_.push_back(std::move(word));
}

Vocabulary Vocabulary::of(const Words& words, bool closed) {
  Vocabulary vocabulary(closed);
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
  std::vector<std::string> lines;
  for (size_t from = 0, to; from < text.size(); from = to + 1) {
    to = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, to - from));
  }
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
  if (found != numbers_.end()) return found->second;
  if (!knows("<unk>")) throw IndexError(fmt::format("Vocabulary: \"{}\" is none of the words", word));
  return unknown;
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

}  // namespace fovea::text
