#include <fmt/format.h>
#include <fovea/layers/attention/score/score.h>

namespace fovea {
namespace {

std::string place(std::string_view score, const Module& module) {
  return module.path().empty() ? std::string(score) : fmt::format("{} ({})", score, module.path());
}

}  // namespace

void Score::check_features(std::string_view score, std::string_view what, const Tensor& x, int64_t size) const {
  if (!x.defined() || x.dim() != 3 || x.size(2) != size)
    throw ShapeError(fmt::format("{}: {} {}; need [B, T, {}]", place(score, *this), what, describe(x), size));
}

void Score::check_pair(std::string_view score, const Tensor& query, const Tensor& prepared) const {
  if (!query.defined() || !prepared.defined() || query.dim() != 3 || prepared.dim() != 3 ||
      query.size(0) != prepared.size(0) || query.size(2) != prepared.size(2))
    throw ShapeError(fmt::format("{}: query {}, keys {}; need query[B, Tq, D], keys[B, Tk, D] with one B and one D",
                                 place(score, *this), describe(query), describe(prepared)));
}

int64_t Score::checked_size(std::string_view score, std::string_view what, int64_t size) {
  if (size < 1) throw ValueError(fmt::format("{}: {} {}; need at least 1", score, what, size));
  return size;
}

}  // namespace fovea
