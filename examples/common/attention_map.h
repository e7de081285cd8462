// What a model attended to, as heat maps: queries down, keys across.
#pragma once

#include <fovea/layers/attention/weights.h>

#include <functional>

#include "examples/common/picture.h"

namespace fovea::examples {

// The weights of row 0 by the name of the attention, [Tq, Tk] or [H, Tq, Tk], of all that report during the call; in
// the order in which they first do. The model was named by name_paths.
std::vector<std::pair<std::string, Tensor>> attended(const std::function<void()>& call);

// Of all rows, [B, Tq, Tk]: those between the two sequences, averaged over heads: the last that are no self-attention;
// undefined where there are none.
Tensor cross_attention(const std::function<void()>& call);

struct MapLabels {
  std::string title{};
  std::string row_title{}, column_title{};
  std::vector<std::string> rows{}, columns{};
};
Heatmap attention_map(const Tensor& weights, const MapLabels& labels);

// Every head of the attentions whose names have both texts: one panel a head, one row of panels a layer.
HeatmapPicture head_maps(const std::vector<std::pair<std::string, Tensor>>& attended, std::string_view kind,
                         std::string_view part, const MapLabels& labels);

}  // namespace fovea::examples
