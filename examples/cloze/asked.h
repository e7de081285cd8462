// What somebody typed, as a story and a question: sentences that end in "."; the one with @x is the question.
//   Ann sold the lamp to Bob. Bob found the lamp in Rome. The lamp was found in Rome by @x.
// A word that the world does not know is a name if it begins with a capital or with @; names are entities in the order
// in which they come. Errors: ValueError naming `where` for a word that is neither, too many names, and for no story, a
// story without names, or not one gap.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "examples/cloze/stories.h"

namespace fovea::examples {

struct AskedStory {
  Story story{};
  std::vector<std::string> names{};  // of the entities 0, 1, ...
};

class AskedReader {
 public:
  AskedReader(const World& world, std::string_view where) : world_(world), where_(where) {}

  AskedStory read(const std::string& text) {
    std::string spaced;
    for (const char c : text) spaced += c == '.' || c == '?' ? std::string(" . ") : std::string(1, c);
    std::istringstream words(spaced);
    std::vector<int64_t> sentence;
    for (std::string word; words >> word;) {
      if (word != full_stop) {
        sentence.push_back(id_of(word));
      } else {
        keep(sentence);
      }
    }
    keep(sentence);
    if (asked_.story.question.empty() || asked_.story.sentences.empty())
      throw ValueError(where_ +
                       ": need sentences, each ended by a \".\", and a question with @x in the place of a name");
    if (!names_someone_) throw ValueError(where_ + ": the story names nobody; the answer is a name of the story");
    return asked_;
  }

 private:
  void keep(std::vector<int64_t>& sentence) {
    const auto gaps = std::count(sentence.begin(), sentence.end(), world_.gap());
    if (gaps > 1 || (gaps == 1 && !asked_.story.question.empty()))
      throw ValueError(where_ + ": there is more than one @x; need one gap in one question");
    if (gaps == 1) {
      asked_.story.question = sentence;
    } else if (!sentence.empty()) {
      for (const int64_t id : sentence) names_someone_ = names_someone_ || id < world_.entities();
      sentence.push_back(world_.stop());
      asked_.story.sentences.push_back(sentence);
    }
    sentence.clear();
  }
  int64_t id_of(const std::string& word) {
    std::string small = word;
    for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto id = world_.id(small); id && *id >= world_.entities()) return *id;
    if (std::isupper(static_cast<unsigned char>(word[0])) == 0 && word[0] != '@')
      throw ValueError(
          fmt::format("{}: \"{}\" is no word that the reader learned, and no name: names begin with a "
                      "capital; the words are {}",
                      where_, word, world_.known_words()));
    std::vector<std::string>& names = asked_.names;
    const auto at = std::find(names.begin(), names.end(), word);
    if (at != names.end()) return at - names.begin();
    if (static_cast<int64_t>(names.size()) == world_.entities())
      throw ValueError(fmt::format("{}: \"{}\" is one name more than the {} that the reader learned with", where_, word,
                                   world_.entities()));
    names.push_back(word);
    return static_cast<int64_t>(names.size()) - 1;
  }

  const World& world_;
  std::string where_;
  AskedStory asked_{};
  bool names_someone_ = false;  // the story, not the question
};

}  // namespace fovea::examples
