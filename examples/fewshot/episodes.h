// Episodes: a few characters that were never seen, some drawings of each with a label that holds for this episode
// alone, and one more drawing, whose label is asked.
//
//   symbol    shape         meaning
//   W, K                    characters of an episode (ways), drawings of each with a label (shots)
//   N                       labels, of which an episode has W
//   Q                       questions, at most W: the last steps, of different characters
//   T                       W K + Q steps, in random order
//   drawing   i64 [B, T]    character c's drawing d is c drawings + d
//   label     i64 [B, T]    0 .. N - 1; those of the questions are not told
#pragma once

#include <fovea/core/creation.h>
#include <fovea/core/random.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace fovea::examples {

struct EpisodeSizes {
  int64_t labels, ways, shots, questions, batch;  // N, W, K, Q, B
};

struct FewShotEpisodes {
  Tensor drawing, label;
};

// `count` different numbers below n, in random order.
inline std::vector<int64_t> some_of(int64_t n, int64_t count, Generator& generator) {
  std::vector<int64_t> all(static_cast<size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  for (int64_t i = 0; i < count; ++i)
    std::swap(all[static_cast<size_t>(i)], all[static_cast<size_t>(generator.randint(i, n))]);
  all.resize(static_cast<size_t>(count));
  return all;
}

// A part of the characters and of each one's drawings: i64 [characters, drawings], counted through as above.
inline Tensor draw_pool(int64_t characters, int64_t of_characters, int64_t drawings, int64_t of_drawings,
                        Generator& generator) {
  Tensor pool = empty({characters, drawings}, i64);
  int64_t* at = pool.data<int64_t>();
  for (const int64_t character : some_of(of_characters, characters, generator))
    for (const int64_t drawing : some_of(of_drawings, drawings, generator)) *at++ = character * of_drawings + drawing;
  return pool;
}

inline FewShotEpisodes draw_episodes(int64_t characters, int64_t drawings, const EpisodeSizes& n,
                                     Generator& generator) {
  const int64_t labelled = n.ways * n.shots, T = labelled + n.questions;
  FewShotEpisodes found{empty({n.batch, T}, i64), empty({n.batch, T}, i64)};
  for (int64_t b = 0; b < n.batch; ++b) {
    int64_t *drawing = found.drawing.data<int64_t>() + b * T, *label = found.label.data<int64_t>() + b * T;
    const std::vector<int64_t> order = some_of(labelled, labelled, generator),
                               chosen = some_of(characters, n.ways, generator),
                               labels = some_of(n.labels, n.ways, generator),
                               asked = some_of(n.ways, n.questions, generator);
    for (int64_t way = 0; way < n.ways; ++way) {
      const std::vector<int64_t> of_way = some_of(drawings, n.shots + 1, generator);
      const auto put = [&](int64_t t, int64_t which) {
        drawing[t] = chosen[static_cast<size_t>(way)] * drawings + of_way[static_cast<size_t>(which)];
        label[t] = labels[static_cast<size_t>(way)];
      };
      for (int64_t k = 0; k < n.shots; ++k) put(order[static_cast<size_t>(way * n.shots + k)], k);
      const auto question = std::find(asked.begin(), asked.end(), way);
      if (question != asked.end()) put(labelled + (question - asked.begin()), n.shots);
    }
  }
  return found;
}

}  // namespace fovea::examples
