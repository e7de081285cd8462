// Sequences in which values are put under keys and asked for once, in any order.
#pragma once

#include <numeric>

#include "examples/copy/draws.h"

namespace fovea::examples {

// Channels: key, value, "put", "asked". Which steps put is the same in a batch; keys and values are not.
inline Bits draw_store(int64_t batch, int64_t values, Generator& generator) {
  constexpr int64_t kBits = 4, kKeys = 1 << kBits, kAtOnce = 6;
  std::vector<int64_t> steps;
  std::vector<bool> puts;
  for (int64_t lie = 0, put = 0; put < values || lie > 0;) {
    const bool puts_one = put < values && (lie == 0 || (lie < kAtOnce && generator.randint(0, 2) == 1));
    if (!puts_one) steps.push_back(static_cast<int64_t>(puts.size()));
    puts.push_back(puts_one);
    lie += puts_one ? 1 : -1, put += puts_one ? 1 : 0;
  }
  Tensor input = zeros({batch, 2 * values, 2 * kBits + 2}), target = zeros({batch, values, kBits});
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<int64_t> free_keys(kKeys), lying, value_of(kKeys);
    std::iota(free_keys.begin(), free_keys.end(), 0);
    const auto taken = [&](std::vector<int64_t>& some) {
      const auto at = some.begin() + generator.randint(0, static_cast<int64_t>(some.size()));
      const int64_t key = *at;
      some.erase(at);
      return key;
    };
    const auto write = [&](const Tensor& rows, int64_t step, int64_t channel, int64_t number) {
      for (int64_t bit = 0; bit < kBits; ++bit) rows.set({b, step, channel + bit}, (number >> bit) & 1);
    };
    for (int64_t t = 0, answer = 0; t < 2 * values; ++t) {
      const bool puts_one = puts[static_cast<size_t>(t)];
      const int64_t key = taken(puts_one ? free_keys : lying);
      (puts_one ? lying : free_keys).push_back(key);
      int64_t& value = value_of[static_cast<size_t>(key)];
      write(input, t, 0, key);
      input.set({b, t, 2 * kBits + (puts_one ? 0 : 1)}, 1);
      if (puts_one)
        write(input, t, kBits, value = generator.randint(0, kKeys));
      else
        write(target, answer++, 0, value);
    }
  }
  return {input, target, kNone, from(steps, {static_cast<int64_t>(steps.size())})};
}

}  // namespace fovea::examples
