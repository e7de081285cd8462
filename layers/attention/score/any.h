// A score chosen by name while the program runs, for command lines: AnyScore("general", {.query = 64, .key = 128}).
// Names: dot, scaled_dot, general, concat, additive, cosine, location. Errors: ValueError lists the names.
#pragma once

#include <fovea/layers/attention/score/score.h>

#include <span>
#include <string_view>

namespace fovea {

struct ScoreSizes {
  int64_t query, key;
  int64_t width = 0;      // A of additive and concat; 0: as wide as the key
  int64_t longest = 256;  // T_max of location
  double strength = 1;    // of cosine, at the start
};

std::span<const std::string_view> score_names();

class AnyScore final : public Score {
 public:
  AnyScore(std::string_view name, const ScoreSizes& sizes, Generator& generator = default_generator());
  void members(Members& m) override { m("chosen", held_); }
  Tensor prepare(const Tensor& keys) const override { return held_->prepare(keys); }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override { return held_->compare(query, prepared); }

 private:
  Box<Score> held_;
};

}  // namespace fovea
