#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/layers/attention/align/any.h>
#include <fovea/layers/attention/align/gumbel.h>
#include <fovea/layers/attention/align/hard.h>
#include <fovea/layers/attention/align/local.h>
#include <fovea/layers/attention/align/pointer.h>
#include <fovea/layers/attention/align/soft.h>
#include <fovea/layers/attention/align/straight_through.h>

namespace fovea {
namespace {

constexpr std::string_view kNames[] = {"soft",   "local_monotonic", "local_predictive", "hard", "straight_through",
                                       "gumbel", "gumbel_hard",     "pointer"};

Box<Align> make(std::string_view name, const AlignSizes& sizes, Generator& generator) {
  if (name == "soft") return Soft();
  if (name == "local_monotonic") return LocalMonotonic(sizes.half_width);
  if (name == "local_predictive")
    return LocalPredictive(sizes.query, sizes.width == 0 ? sizes.query : sizes.width, sizes.half_width, generator);
  if (name == "hard") return Hard();
  if (name == "straight_through") return StraightThrough();
  if (name == "gumbel") return GumbelSoftmax(sizes.temperature);
  if (name == "gumbel_hard") return GumbelSoftmax(sizes.temperature, true);
  if (name == "pointer") return Pointer();
  throw ValueError(fmt::format("AnyAlign: no alignment is called '{}'; need one of {}", name, fmt::join(kNames, ", ")));
}

}  // namespace

std::span<const std::string_view> align_names() { return kNames; }

AnyAlign::AnyAlign(std::string_view name, const AlignSizes& sizes, Generator& generator)
    : held_(make(name, sizes, generator)) {}

}  // namespace fovea
