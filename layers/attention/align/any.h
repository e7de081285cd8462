// An alignment chosen by name while the program runs, for command lines: AnyAlign("local_predictive", {.query = 64}).
// Names: soft, local_monotonic, local_predictive, hard, straight_through, gumbel, gumbel_hard, pointer.
// Errors: ValueError lists the names.
#pragma once

#include <fovea/layers/attention/align/align.h>

#include <span>
#include <string_view>

namespace fovea {

struct AlignSizes {
  int64_t query = 0;       // Dq, of local_predictive
  int64_t width = 0;       // P of local_predictive; 0: as wide as the query
  double half_width = 10;  // D of both local ones
  double temperature = 1;  // of gumbel
};

std::span<const std::string_view> align_names();

class AnyAlign final : public Align {
 public:
  AnyAlign(std::string_view name, const AlignSizes& sizes, Generator& generator = default_generator());
  void members(Members& m) override { m("chosen", held_); }
  Alignment weigh(const AlignInput& in) const override { return held_->weigh(in); }

 private:
  Box<Align> held_;
};

}  // namespace fovea
