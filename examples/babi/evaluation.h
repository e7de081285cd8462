// What a memory network answers, how often that is wrong, task by task, and what it looked at.
#pragma once

#include <fovea/layers/memory/memn2n.h>
#include <fovea/optim/training/run_folder.h>

#include "examples/babi/questions.h"
#include "examples/common/attention_map.h"
#include "examples/common/record.h"
#include "examples/common/terminal.h"

namespace fovea::examples {

constexpr double failed_above = 5;  // percent

struct TaskErrors {
  double loss = 0;                      // nats a question
  std::map<int64_t, double> percent{};  // by task
  double mean() const {
    double sum = 0;
    for (const auto& [task, error] : percent) sum += error;
    return sum / static_cast<double>(percent.size());
  }
  int64_t failed() const {
    return std::count_if(percent.begin(), percent.end(), [](const auto& task) { return task.second > failed_above; });
  }
};

// z [B, V] -> i64 [B]: the likeliest word that is none of the vocabulary's marks.
inline Tensor answers_of(const Tensor& z) { return argmax(slice(z, 1, text::Vocabulary::unknown + 1), 1) + 4.0; }

// As in the paper every memory has the same size, and what a story leaves of it is empty.
inline Tensor logits_of(const MemN2N& model, const Batch& batch, const Tensor& times = {}) {
  const int64_t empty = model.options().memory_size - batch.fields[0].size(1);
  return model(pad(batch.fields[0], {0, 0, 0, empty}), batch.fields[1], {},
               times.defined() ? pad(times, {0, empty}) : times);
}

inline TaskErrors measure(const MemN2N& model, const Questions& questions) {
  constexpr int64_t piece = 250;
  TaskErrors found;
  std::map<int64_t, double> asked;
  for (int64_t first = 0; first < questions.size(); first += piece) {
    std::vector<Example> items;
    for (int64_t i = first; i < std::min(questions.size(), first + piece); ++i) items.push_back(questions.item(i));
    const Batch batch = collate(items);
    const Tensor z = logits_of(model, batch), wrong = ne(answers_of(z), batch.fields[2]);
    found.loss += cross_entropy(z, batch.fields[2]).item() * static_cast<double>(batch.size());
    for (int64_t i = 0; i < batch.size(); ++i) {
      const int64_t task = questions.at(first + i).task;
      found.percent[task] += wrong.at<bool>({i}) ? 100 : 0;
      asked[task] += 1;
    }
  }
  found.loss /= static_cast<double>(questions.size());
  for (auto& [task, percent] : found.percent) percent /= asked[task];
  return found;
}

// The joint errors of three hops in the paper's table 1, position encoding, linear start and random noise; and the
// means of one, two and three hops.
constexpr std::array paper_errors{0.0, 11.4, 21.9, 13.4, 14.4, 2.8, 18.3, 9.3, 1.9,  6.5,
                                  0.3, 0.1,  0.2,  6.9,  0.0,  2.7, 40.4, 9.4, 88.0, 0.0};
constexpr std::array paper_means{25.8, 15.6, 12.4};
constexpr std::array<std::string_view, 20> task_names{"one supporting fact",
                                                      "two supporting facts",
                                                      "three supporting facts",
                                                      "two arguments",
                                                      "three arguments",
                                                      "yes or no",
                                                      "counting",
                                                      "lists and sets",
                                                      "negation",
                                                      "indefinite knowledge",
                                                      "coreference",
                                                      "conjunction",
                                                      "compound coreference",
                                                      "time",
                                                      "deduction",
                                                      "induction",
                                                      "positions",
                                                      "sizes",
                                                      "paths",
                                                      "motivations"};

// A line a task; beside our errors the paper's where there are some for these hops.
inline void print_errors(const TaskErrors& errors, bool joint, int64_t hops) {
  const bool tasks = joint && hops == 3, mean = joint && hops <= 3;
  say("{:<27}{:>8}{}", "task", "error %", mean ? "   paper" : "");
  for (const auto& [task, percent] : errors.percent) {
    const auto i = static_cast<size_t>(task - 1);
    say("{:>2} {:<24}{:>8.1f}{}", task, task_names[i], percent, tasks ? fmt::format("{:>8.1f}", paper_errors[i]) : "");
  }
  say("{:<27}{:>8.1f}{}", "mean", errors.mean(),
      mean ? fmt::format("{:>8.1f}", paper_means[static_cast<size_t>(hops - 1)]) : "");
  say("{} of {} tasks have more than {} % wrong", errors.failed(), errors.percent.size(), failed_above);
}

// The same over the steps of a training: hops down, sentences across; behind these the empty memories.
inline void record_question(Recorder& recorder, const MemN2N& model, const Questions& questions, int64_t index,
                            const text::Vocabulary& vocabulary) {
  const Batch batch = collate({questions.item(index)});
  const Question& question = questions.at(index);
  const auto& sentences = questions.stories().sentences;
  RecordedWords story, hops;
  const size_t end = question.first + question.count;
  const size_t shown = std::min(question.count, static_cast<size_t>(batch.fields[0].size(1)));
  for (size_t i = end - shown; i < end; ++i) story.push_back(sentences[i].text);
  for (size_t k = 1; k <= model.C.size(); ++k) hops.push_back(fmt::format("hop {}", k));
  const RecordedSample sample{.title = question.answer.empty()
                                           ? question.asked.text
                                           : fmt::format("{} ({})", question.asked.text, question.answer),
                              .texts = {{"story", story}, {"hops", hops}},
                              .queries = "hops",
                              .keys = "story"};
  recorder.sample(sample, [&](Recorded& seen) {
    const Tensor z = logits_of(model, batch);
    const Tensor answer = answers_of(z.detach());
    seen.text("answer", {vocabulary.word(answer.at<int64_t>({0}))});
    return cross_entropy(z, question.answer.empty() ? answer : batch.fields[2]);
  });
}

// One question: the sentences down, hops across, and how much each hop reads of each sentence.
inline Heatmap reading(const MemN2N& model, const Questions& questions, int64_t index,
                       const text::Vocabulary& vocabulary) {
  const Batch batch = collate({questions.item(index)});
  const WeightCollector collected;
  const std::string answer = vocabulary.word(answers_of(logits_of(model, batch)).at<int64_t>({0}));
  const Tensor all = select(collected.over_time(collected.weights().front().first), 0, 0);
  const Tensor p = slice(all, 1, 0, batch.fields[0].size(1));  // [K, N]; what is missing to 1 lies on empty memories
  const Question& question = questions.at(index);
  const auto& sentences = questions.stories().sentences;
  Heatmap map{.grid = grid_of(contiguous(transpose(p, 0, 1))), .title = question.asked.text, .row_room = 260};
  const size_t end = question.first + question.count, shown = static_cast<size_t>(p.size(1));
  for (size_t i = end - shown; i < end; ++i) map.row_labels.push_back(sentences[i].text);
  for (int64_t k = 1; k <= p.size(0); ++k) map.column_labels.push_back(std::to_string(k));
  map.column_title = "hop";
  map.note = fmt::format("answer: {}; expected: {}", answer, question.answer);
  map.range = ValueRange{0, 1};
  return map;
}

}  // namespace fovea::examples
