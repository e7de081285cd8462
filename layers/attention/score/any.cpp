#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/layers/attention/score/additive.h>
#include <fovea/layers/attention/score/any.h>
#include <fovea/layers/attention/score/concat.h>
#include <fovea/layers/attention/score/cosine.h>
#include <fovea/layers/attention/score/dot.h>
#include <fovea/layers/attention/score/general.h>
#include <fovea/layers/attention/score/location.h>
#include <fovea/layers/attention/score/scaled_dot.h>

namespace fovea {
namespace {

constexpr std::string_view kNames[] = {"dot", "scaled_dot", "general", "concat", "additive", "cosine", "location"};

Box<Score> make(std::string_view name, const ScoreSizes& sizes, Generator& generator) {
  const int64_t width = sizes.width == 0 ? sizes.key : sizes.width;
  if (name == "dot") return DotScore();
  if (name == "scaled_dot") return ScaledDotScore();
  if (name == "general") return GeneralScore(sizes.query, sizes.key, generator);
  if (name == "concat") return ConcatScore(sizes.query, sizes.key, width, generator);
  if (name == "additive") return AdditiveScore(sizes.query, sizes.key, width, generator);
  if (name == "cosine") return CosineScore(sizes.strength);
  if (name == "location") return LocationScore(sizes.query, sizes.longest, generator);
  throw ValueError(fmt::format("AnyScore: no score is called '{}'; need one of {}", name, fmt::join(kNames, ", ")));
}

}  // namespace

std::span<const std::string_view> score_names() { return kNames; }

AnyScore::AnyScore(std::string_view name, const ScoreSizes& sizes, Generator& generator)
    : held_(make(name, sizes, generator)) {}

}  // namespace fovea
