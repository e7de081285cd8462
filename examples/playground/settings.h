// What the playground can be told, by name and as text, as the page's controls have it.
//   task             of sequence models: reverse, copy, sort; of the Neural Turing Machine: copy, repeat-copy, recall
//   model            a name of sequence_models.h, or ntm
//   score, align     names of layers/attention/registry.h; of rnnsearch and luong
//   heads            of the transformer and of the ntm
//   hidden           size of states, embeddings and attention; of the ntm's controller
//   slots, width     of the ntm's memory
//   length           of the strings; of the ntm the longest
//   batch, learning_rate, seed
//   sample           letters that the picture is drawn for, up to 40; empty: drawn at random
// Errors: ValueError that names the setting, what it may be and what was given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

struct PlaygroundSettings {
  std::string task = "reverse", model = "rnnsearch", score = "additive", align = "soft", sample{};
  int64_t heads = 1, hidden = 32, slots = 16, width = 8, length = 10, batch = 16, seed = 1;
  double learning_rate = 3e-3;

  bool is_machine() const { return model == "ntm"; }
  // Whether a model in training can go on with `name` changed; else it takes a new one.
  bool can_change(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  // That the settings go together.
  void check() const;
};

const std::vector<std::string>& playground_models();
std::vector<std::string> playground_tasks(std::string_view model);

}  // namespace fovea::examples
