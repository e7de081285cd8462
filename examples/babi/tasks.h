// The files of the bAbI tasks below --data, and what is learned from, validated on and tested on.
//
//   babi/en/qa1_single-supporting-fact_train.txt, .._test.txt      1,000 questions a task to learn from
//   babi/en-10k/..                                                 10,000
//
// The last tenth of a training file, in whole stories, is for validation. Where the data set is handed on without the
// training file of en-10k's task 3, that of en stands in, with en-valid-10k/qa3_valid.txt where that is there. Errors:
// FileError naming the folder, or file and line.
#pragma once

#include <numeric>

#include "examples/babi/questions.h"
#include "examples/common/terminal.h"

namespace fovea::examples {

struct TaskData {
  Stories training{}, test{};
  std::vector<size_t> learned{}, validation{}, tested{};  // questions of the above
};

// Behind the others, as questions of this task.
inline void append(Stories& all, Stories more, int64_t task) {
  for (Question& question : more.questions) {
    question.first += all.sentences.size();
    question.task = task;
    all.questions.push_back(std::move(question));
  }
  for (Sentence& sentence : more.sentences) all.sentences.push_back(std::move(sentence));
}

// How many of the questions, in whole stories, are about the first nine tenths.
inline size_t nine_tenths(const std::vector<Question>& questions) {
  size_t at = questions.size() * 9 / 10;
  while (at > 0 && at < questions.size() && questions[at].first == questions[at - 1].first) ++at;
  return at;
}

// "qa3_..._train.txt" in the folder; empty where there is none.
inline std::filesystem::path task_file(const std::filesystem::path& folder, int64_t task, std::string_view part) {
  const std::string begin = fmt::format("qa{}_", task), end = fmt::format("_{}.txt", part);
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(end) && (found.empty() || entry.path() < found)) found = entry.path();
  }
  return found;
}

inline std::vector<std::filesystem::path> training_files(const std::filesystem::path& folder, int64_t task) {
  if (const std::filesystem::path own = task_file(folder, task, "train"); !own.empty()) return {own};
  const std::filesystem::path en = folder.parent_path() / "en", more = folder.parent_path() / "en-valid-10k";
  std::vector<std::filesystem::path> others;
  if (folder.filename() == "en-10k" && std::filesystem::is_directory(en))
    others.push_back(task_file(en, task, "train"));
  if (others.empty() || others[0].empty())
    throw FileError(fmt::format("{}: no file qa{}_*_train.txt; need the files of the bAbI tasks, version 1.2",
                                folder.string(), task));
  if (std::filesystem::exists(more / fmt::format("qa{}_valid.txt", task)))
    others.push_back(more / fmt::format("qa{}_valid.txt", task));
  return others;
}

inline TaskData read_tasks(const std::filesystem::path& folder, const std::vector<int64_t>& tasks) {
  TaskData data;
  for (const int64_t task : tasks) {
    Stories training;
    for (const std::filesystem::path& file : training_files(folder, task)) {
      append(training, read_stories(file, true), task);
      if (file.parent_path() != folder)
        say(stderr, "task {} has no training file in {}; {} stands in", task, folder.string(), file.string());
    }
    const size_t before = data.training.questions.size(), learned = nine_tenths(training.questions);
    for (size_t i = 0; i < training.questions.size(); ++i)
      (i < learned ? data.learned : data.validation).push_back(before + i);
    append(data.training, std::move(training), task);
    const std::filesystem::path test = task_file(folder, task, "test");
    if (test.empty())
      throw FileError(fmt::format("{}: no file qa{}_*_test.txt; need the files of the bAbI tasks, version 1.2",
                                  folder.string(), task));
    append(data.test, read_stories(test, true), task);
    if (learned == 0 || before + learned == data.training.questions.size())
      throw FileError(fmt::format("{}: task {} has {} questions, in too few stories to keep a tenth for validation",
                                  folder.string(), task, data.training.questions.size() - before));
  }
  data.tested.resize(data.test.questions.size());
  std::iota(data.tested.begin(), data.tested.end(), size_t{0});
  return data;
}

// Words of the stories and questions, and answers.
inline text::Vocabulary vocabulary_of(const Stories& stories) {
  std::vector<text::Words> answers;
  for (const Question& question : stories.questions) answers.push_back({question.answer});
  std::vector<const text::Words*> all;
  for (const text::Words& answer : answers) all.push_back(&answer);
  for (const Sentence& sentence : stories.sentences) all.push_back(&sentence.words);
  for (const Question& question : stories.questions) all.push_back(&question.asked.words);
  return text::Vocabulary::count(all, std::numeric_limits<int64_t>::max());
}

// Of the tasks that are learned, four that show most.
inline std::vector<int64_t> tasks_to_show(const std::vector<int64_t>& tasks) {
  std::vector<int64_t> shown;
  for (const int64_t task : {1, 2, 14, 16, 7, 6, 15, 13})
    if (std::find(tasks.begin(), tasks.end(), task) != tasks.end()) shown.push_back(task);
  for (const int64_t task : tasks)
    if (std::find(shown.begin(), shown.end(), task) == shown.end()) shown.push_back(task);
  shown.resize(std::min<size_t>(shown.size(), 4));
  return shown;
}

// The first question of a task about the most sentences that a picture has room for.
inline std::optional<int64_t> question_to_show(const Questions& questions, int64_t task, size_t room = 10) {
  std::optional<int64_t> best;
  for (int64_t i = 0; i < questions.size(); ++i) {
    const Question& question = questions.at(i);
    if (question.task != task || question.count == 0 || question.count > room) continue;
    if (!best || question.count > questions.at(*best).count) best = i;
  }
  return best;
}

// Says which words of a question and its story the model never saw.
inline void notice_unknown(const Question& question, const Stories& stories, const text::Vocabulary& vocabulary,
                           const std::string& where) {
  const auto notice = [&](const Sentence& sentence) {
    for (const std::string& word : sentence.words)
      if (!vocabulary.knows(word))
        say(stderr, "{}: \"{}\" is none of the {} words the model knows; it reads <unk>", where, word,
            vocabulary.size());
  };
  for (size_t i = 0; i < question.count; ++i) notice(stories.sentences[question.first + i]);
  notice(question.asked);
}

}  // namespace fovea::examples
