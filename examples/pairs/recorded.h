// An image that a generator draws, recorded with what each pixel of the map looks at; and one that was typed:
//   square|diamond|cross [NUMBER]      the kind, and which noise
// Errors: ValueError for another form.
#pragma once

#include <fmt/format.h>
#include <fovea/core/error.h>

#include "examples/common/record.h"
#include "examples/common/typed.h"
#include "examples/pairs/pictures.h"

namespace fovea::examples {

inline const std::array<std::string, kKinds> kKindNames{"square", "diamond", "cross"};

struct TypedPair {
  int64_t kind;
  uint64_t noise;
};

inline TypedPair typed_pair(const std::string& text) {
  const std::vector<std::string> words = typed_words(text);
  const auto at = std::find(kKindNames.begin(), kKindNames.end(), words[0]);
  const double noise = words.size() > 1 ? typed_number(words[1]) : 0;
  if (at == kKindNames.end() || words.size() > 2 || noise < 0 || noise != std::floor(noise) || noise > 1e9)
    throw ValueError(fmt::format("--look: '{}'; need square, diamond or cross, and a number for the noise", text));
  return {at - kKindNames.begin(), static_cast<uint64_t>(noise)};
}

// z [1, Z, 2, 2].
inline void record_generated(Recorder& recorder, const PairGenerator& network, const Tensor& z, int64_t kind,
                             const std::string& title) {
  recorder.sample({.title = title}, [&](Recorded& seen) {
    const Tensor image = network(z, tensor({kind}));
    seen.images("image", clamp(in_unit_range(image.detach()), 0, 1));
    const PairShares shares = shares_of(image.detach(), tensor({kind}));
    seen.text("answer", {shares.obeyed > 0 ? "obeys the rule" : "does not"});
    seen.over_image("image", kMapSide, kMapSide, true);
    return Tensor();
  });
}

}  // namespace fovea::examples
