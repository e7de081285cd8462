#include <fmt/format.h>
#include <fovea/layers/check.h>

namespace fovea {

void check_sizes(std::string_view type, std::initializer_list<std::pair<std::string_view, int64_t>> sizes) {
  for (const auto& [what, size] : sizes)
    if (size < 1) throw ValueError(fmt::format("{}: {} {}; need at least 1", type, what, size));
}

double checked_positive(std::string_view type, std::string_view what, double value) {
  if (value > 0) return value;
  throw ValueError(fmt::format("{}: {} {}; need more than 0", type, what, value));
}

void check_features(const Module& layer, std::string_view type, std::string_view what, const Tensor& x, int rank,
                    int64_t size, int64_t min_length) {
  if (x.defined() && x.dim() == rank && x.size(-1) == size && (rank == 2 || x.size(1) >= min_length)) return;
  throw ShapeError(fmt::format("{}: {} is {}; need [B, {}{}]{}", place(layer, type), what, describe(x),
                               rank == 2 ? "" : "T, ", size,
                               min_length == 0 ? "" : fmt::format(" with T >= {}", min_length)));
}

void check_answers(const Module& layer, std::string_view type, const Tensor& x, int64_t answers) {
  if (answers >= 0 && answers <= x.size(1)) return;
  throw ShapeError(
      fmt::format("{}: x is {}, answers {}; need 0 <= answers <= T", place(layer, type), describe(x), answers));
}

std::string place(const Module& layer, std::string_view type) {
  return layer.path().empty() ? std::string(type) : fmt::format("{} ({})", type, layer.path());
}

}  // namespace fovea
