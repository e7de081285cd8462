// The weights of every head of a Transformer as heat maps, characters on both axes.
#pragma once

#include <fovea/layers/attention/weights.h>

#include <filesystem>
#include <string_view>

#include "examples/common/text/vocabulary.h"

namespace fovea::examples {

struct HeadsPicture {
  std::string_view kind;  // of the attentions to show: "multihead_attn", "self_attn"
  std::string_view part;  // of the model, such as "encoder"; empty: all
  std::string title;
  std::string row_title, column_title;
  Words rows, columns;
};

// One panel a head, one row of panels a layer, of sequence 0.
void draw_heads(const WeightCollector& collected, const HeadsPicture& picture, const std::filesystem::path& file);

// A line break and a space are hard to see.
std::string visible(std::string_view character);

}  // namespace fovea::examples
