// What the translate program finds out about a translator: BLEU, and the picture of where it looked.
#pragma once

#include <fovea/optim/training/text/bleu.h>
#include <fovea/optim/training/text/translator.h>

#include <algorithm>

#include "examples/common/attention_map.h"
#include "examples/translate/sentences.h"

namespace fovea::examples {

// With all of a sentence's references.
inline double bleu_of(const Translator& translator, const std::vector<Sentence>& sentences, int64_t beam) {
  std::vector<std::vector<Words>> references;
  for (const Sentence& sentence : sentences) references.push_back(sentence.references);
  return bleu(translator.translate(sources_of(sentences), beam), references);
}

// The reference that has most of the words.
inline const Words& nearest(const Words& output, const std::vector<Words>& references) {
  const auto wrong = [&](const Words& reference) {
    const std::vector<bool> words = wrong_words(output, reference);
    return std::count(words.begin(), words.end(), true);
  };
  return *std::min_element(references.begin(), references.end(),
                           [&](const Words& a, const Words& b) { return wrong(a) < wrong(b); });
}

// The longest sentences, which are worth looking at; nothing for a model without attention.
inline std::optional<HeatmapPicture> looks_of(const Translator& translator, std::vector<Sentence> sentences) {
  std::stable_sort(sentences.begin(), sentences.end(),
                   [](const Sentence& a, const Sentence& b) { return a.source.size() > b.source.size(); });
  sentences.resize(std::min<size_t>(4, sentences.size()));
  HeatmapPicture shown{.columns = 2,
                       .title = "which source words each word looked at; red: not in the expected translation"};
  for (auto& [source, references] : sentences) {
    auto [output, call] = translator.reading(source);
    const Tensor weights = cross_attention(call);
    if (!weights.defined()) return {};
    const std::string title = sentence_of(source);
    source.push_back("<end>");
    const Words& expected = nearest(output, references);
    shown.panels.push_back(
        attention_map(select(weights, 0, 0),
                      compared({.title = title, .row_title = "output", .column_title = "source", .columns = source},
                               output, expected, sentence_of(expected))));
  }
  return shown;
}

}  // namespace fovea::examples
