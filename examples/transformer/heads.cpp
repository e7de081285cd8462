#include "examples/transformer/heads.h"

#include <fmt/format.h>
#include <fovea/autograd/ops.h>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"

namespace fovea::examples {

void draw_heads(const WeightCollector& collected, const HeadsPicture& p, const std::filesystem::path& file) {
  HeatmapPicture picture{.panels = {}, .columns = 1, .title = p.title};
  int layer = 0;
  for (const auto& [name, calls] : collected.weights()) {
    if (name.find(p.kind) == std::string::npos || name.find(p.part) == std::string::npos) continue;
    ++layer;
    const Tensor weights = select(collected.over_time(name), 0, 0);  // [H, Tq, Tk]
    picture.columns = static_cast<int>(weights.size(0));
    for (int64_t h = 0; h < weights.size(0); ++h)
      picture.panels.push_back({.grid = grid_of(contiguous(select(weights, 0, h))),
                                .title = fmt::format("layer {}, head {}", layer, h + 1),
                                .row_title = p.row_title,
                                .column_title = p.column_title,
                                .row_labels = p.rows,
                                .column_labels = p.columns,
                                .range = ValueRange{0, 1}});
  }
  write_heatmaps(file, picture);
}

std::string visible(std::string_view character) {
  if (character == "\n") return "\u21b5";
  if (character == " ") return "\u2423";
  return std::string(character);
}

}  // namespace fovea::examples
