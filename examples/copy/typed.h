// A sequence of a task that somebody typed for --look, with the answers expected. All bits are 0 and 1.
//   copy         10110010 01101001               vectors of 8 bits
//   repeat-copy  10110010 01101001 x3            how often
//   recall       101010 111000 000111 ... ? 101010 111000 000111     items of three vectors of 6 bits, and one of them
//   ngrams       0110100110...                   at least 7 bits
//   sort         10110010:0.3 01101001:-0.7      each with its priority
//   copies       10110010 01101001 | 11110000    sequences
//   store        0011=1010 0101=1111 0011?       4 bits are put under 4 bits, and asked for
// Errors: ValueError for what is not so.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include <map>

#include "examples/common/typed.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

// f32 [1, n, bits]
inline Tensor typed_vectors(const std::vector<std::string>& words, int64_t bits) {
  std::vector<float> all;
  for (const std::string& word : words) {
    if (static_cast<int64_t>(word.size()) != bits || word.find_first_not_of("01") != std::string::npos)
      throw ValueError(fmt::format("--look: '{}'; need {} bits such as {}", word, bits,
                                   std::string("10110010").substr(0, static_cast<size_t>(bits))));
    for (const char c : word) all.push_back(c == '1' ? 1.0F : 0.0F);
  }
  if (words.empty()) throw ValueError(fmt::format("--look: no vectors; need at least one of {} bits", bits));
  return from(all, {1, static_cast<int64_t>(words.size()), bits});
}

namespace typed_detail {

using Typed = std::vector<std::string>;

// Both sides of the one word `mark`.
inline std::pair<Typed, Typed> parted(const Typed& words, const std::string& mark) {
  const auto at = std::find(words.begin(), words.end(), mark);
  if (at == words.end()) throw ValueError(fmt::format("--look: no '{}'; need it before what is asked", mark));
  return {{words.begin(), at}, {at + 1, words.end()}};
}

// `word` at its mark; an empty second part where it ends there.
inline std::pair<std::string, std::string> cut(const std::string& word, char mark, const char* example) {
  const size_t at = word.find(mark);
  if (at == std::string::npos) throw ValueError(fmt::format("--look: '{}'; need some such as {}", word, example));
  return {word.substr(0, at), word.substr(at + 1)};
}

inline Bits repeats(Typed words) {
  const std::string times = words.back().substr(0, 1) == "x" ? words.back().substr(1) : "";
  if (times.empty() || times.size() > 2 || times.find_first_not_of("0123456789") != std::string::npos || times == "0")
    throw ValueError(fmt::format("--look: '{}'; need how often at the end, x1 to x99", words.back()));
  words.pop_back();
  return repeats_of(typed_vectors(words, 8), std::stoi(times));
}

inline Bits recall(const Typed& words) {
  const auto [before, query] = parted(words, "?");
  const Tensor vectors = typed_vectors(before, 6), asked = typed_vectors(query, 6);
  const int64_t items = vectors.size(1) / 3;
  if (items * 3 != vectors.size(1) || asked.size(1) != 3)
    throw ValueError(fmt::format("--look: {} vectors and {} behind the '?'; need items of 3, and 3", vectors.size(1),
                                 asked.size(1)));
  const Tensor bits = reshape(vectors, {1, items, 3, 6});
  for (int64_t i = 0; i + 1 < items; ++i)
    if (all(eq(select(bits, 1, i), asked))) return recall_of(bits, {i});
  throw ValueError(
      "--look: what is behind the '?' is none of the items before the last; the answer is what follows it");
}

inline Bits sorted(const Typed& words) {
  Typed vectors;
  std::vector<float> priorities;
  for (const std::string& word : words) {
    const auto [bits, priority] = cut(word, ':', "10110010:0.3");
    vectors.push_back(bits), priorities.push_back(static_cast<float>(typed_number(priority)));
  }
  return sort_of(typed_vectors(vectors, 8), from(priorities, {1, static_cast<int64_t>(priorities.size())}));
}

inline Bits copies(const Typed& words) {
  std::vector<Tensor> sequences;
  Typed one;
  for (size_t i = 0; i <= words.size(); ++i) {
    if (i < words.size() && words[i] != "|") {
      one.push_back(words[i]);
      continue;
    }
    sequences.push_back(typed_vectors(std::exchange(one, {}), 8));
  }
  return copies_of(sequences);
}

inline Bits stored(const Typed& words) {
  std::vector<Tensor> inputs, targets;
  std::vector<int64_t> steps;
  std::map<std::string, Tensor> lying;
  const auto flag_of = [](bool puts) {
    return from(std::vector<float>{puts ? 1.0F : 0.0F, puts ? 0.0F : 1.0F}, {1, 1, 2});
  };
  for (size_t t = 0; t < words.size(); ++t) {
    const bool asks = words[t].back() == '?';
    const auto [key, value] = cut(words[t], asks ? '?' : '=', "0011=1010, or 0011?");
    const Tensor k = typed_vectors({key}, 4);
    if (!asks) {
      lying[key] = typed_vectors({value}, 4);
      inputs.push_back(cat({k, lying[key], flag_of(true)}, 2));
      continue;
    }
    if (!lying.contains(key)) throw ValueError(fmt::format("--look: '{}' asks for what was not put", words[t]));
    inputs.push_back(cat({k, zeros({1, 1, 4}), flag_of(false)}, 2));
    targets.push_back(lying[key]), steps.push_back(static_cast<int64_t>(t));
  }
  if (targets.empty()) throw ValueError("--look: nothing is asked; need some such as 0011? at the end");
  return {cat(inputs, 1), cat(targets, 1), kNone, from(steps, {static_cast<int64_t>(steps.size())})};
}

}  // namespace typed_detail

inline Bits typed_bits(const std::string& task, const std::string& text) {
  const std::vector<std::string> words = typed_words(text);
  if (task == "copy") return copy_of(typed_vectors(words, 8));
  if (task == "repeat-copy") return typed_detail::repeats(words);
  if (task == "recall") return typed_detail::recall(words);
  if (task == "sort") return typed_detail::sorted(words);
  if (task == "copies") return typed_detail::copies(words);
  if (task == "store") return typed_detail::stored(words);
  const Tensor bits =
      transpose(typed_vectors(words, std::max<int64_t>(7, static_cast<int64_t>(words[0].size()))), 1, 2);
  if (words.size() > 1) throw ValueError("--look: need one word of bits, such as 0110100110");
  const int64_t T = bits.size(1);
  return {contiguous(slice(bits, 1, 0, T - 1)), contiguous(slice(bits, 1, 1)), kNone};
}

}  // namespace fovea::examples
