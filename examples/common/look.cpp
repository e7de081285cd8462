#include "examples/common/look.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/npy.h>
#include <fovea/core/safetensors.h>
#include <fovea/optim/training/text_file.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "examples/common/picture.h"
#include "examples/common/report.h"
#include "examples/common/terminal.h"

namespace fovea::examples {
namespace {

using Look = RunOptions::Look;

constexpr int64_t kMostCells = 1 << 16;  // of an SVG: each is an element, and no larger one can be looked at

void check_number(const char* flag, int64_t number, int64_t most, const char* what, const std::string& path) {
  if (number < 1 || number > most)
    throw UsageError(fmt::format("{} {}: '{}' has {} {}{}; need 1 to {}", flag, number, path, most, what,
                                 most == 1 ? "" : "s", most));
}

// The heads of weights [B, H, Tq, Tk], the keys of any, as numbers from 1; what is named is 0, the rest `otherwise`.
Tensor without(const std::vector<int64_t>& numbers, int64_t count, double named, double otherwise, DType dtype) {
  std::vector<double> values(static_cast<size_t>(count), otherwise);
  for (const int64_t number : numbers) values[static_cast<size_t>(number - 1)] = named;
  return to(from(values, {count}), dtype);
}

// `met`: the attentions that ran, and whether --only means them.
AttentionHooks::Changes changes_of(const Look& look, std::map<std::string, bool>& met) {
  const auto meant = [look, &met](const std::string& path) {
    return met[path] = path.find(look.attention) != std::string::npos;
  };
  AttentionHooks::Changes changes;
  changes.scores = [look, meant](const std::string& path, const Tensor& e) {
    if (!meant(path)) return e;
    Tensor changed = look.scale_scores == 1 ? e : e * look.scale_scores;
    for (const int64_t key : look.mask_keys) check_number("--mask-keys", key, e.size(-1), "key", path);
    if (std::set(look.mask_keys.begin(), look.mask_keys.end()).size() == static_cast<size_t>(e.size(-1)))
      throw UsageError(fmt::format("--mask-keys: '{}' has {} keys, and none would be left", path, e.size(-1)));
    if (!look.mask_keys.empty()) changed = changed + without(look.mask_keys, e.size(-1), -1e30, 0, e.dtype());
    return changed;
  };
  changes.weights = [look, meant](const std::string& path, const Tensor& w) {
    if (!meant(path)) return w;
    Tensor changed = w;
    // A row whose mask left it these keys alone reads nothing.
    if (!look.mask_keys.empty()) changed = changed * without(look.mask_keys, w.size(-1), 0, 1, w.dtype());
    if (look.force_key != 0) {
      check_number("--force-key", look.force_key, w.size(-1), "key", path);
      changed = expand(without({look.force_key}, w.size(-1), 1, 0, w.dtype()), w.shape());
    }
    if (!look.heads_off.empty()) {
      const int64_t heads = w.dim() == 4 ? w.size(1) : 1;
      for (const int64_t head : look.heads_off) check_number("--heads-off", head, heads, "head", path);
      const Tensor on = without(look.heads_off, heads, 0, 1, w.dtype());
      changed = changed * (w.dim() == 4 ? reshape(on, {1, heads, 1, 1}) : reshape(on, {1, 1, 1}));
    }
    return changed;
  };
  return changes;
}

std::string in_words(const Look& look) {
  std::vector<std::string> all;
  if (look.scale_scores != 1) all.push_back(fmt::format("scores times {:g}", look.scale_scores));
  if (!look.heads_off.empty()) all.push_back(fmt::format("without heads {}", fmt::join(look.heads_off, ", ")));
  if (!look.mask_keys.empty()) all.push_back(fmt::format("without keys {}", fmt::join(look.mask_keys, ", ")));
  if (look.force_key != 0) all.push_back(fmt::format("all weight on key {}", look.force_key));
  const std::string where = look.attention.empty() ? "" : fmt::format(" in {}", look.attention);
  return fmt::format("{}{}", fmt::join(all, ", "), where);
}

// The weights of an attention, a panel a head, with the words of both sides where there are some.
void draw_weights(const std::filesystem::path& file, const std::string& name, const Tensor& weights,
                  const nlohmann::json& sample) {
  const auto side = [&](const char* which) {
    for (const auto& view : sample.at("views"))
      if (view.at("name") == name && view.contains(which)) return view.at(which).get<std::string>();
    return std::string();
  };
  const auto words = [&](const std::string& text, int64_t count) {
    RecordedWords found;
    if (sample.at("texts").contains(text)) found = sample.at("texts").at(text).get<RecordedWords>();
    if (!found.empty()) found.resize(static_cast<size_t>(count));
    return found;
  };
  const std::string rows = side("rows"), columns = side("columns");
  HeatmapPicture picture{.columns = static_cast<int>(std::min<int64_t>(weights.size(0), 4)), .title = name};
  for (int64_t h = 0; h < weights.size(0); ++h)
    picture.panels.push_back({.grid = grid_of(contiguous(select(weights, 0, h))),
                              .title = weights.size(0) > 1 ? fmt::format("head {}", h + 1) : "",
                              .row_title = rows,
                              .column_title = columns,
                              .row_labels = words(rows, weights.size(1)),
                              .column_labels = words(columns, weights.size(2)),
                              .range = ValueRange{0, 1}});
  write_picture(file, picture);
}

// Says the answer and its loss; the weights of each attention become files, and heat maps in the terminal.
void show(const std::filesystem::path& folder, const std::string& title) {
  const auto record = nlohmann::json::parse(read_text(folder / "record" / "record.json"));
  const auto& sample = record.at("frames").at(0).at("samples").at(0);
  std::vector<std::string> texts;
  for (const auto& [name, words] : sample.at("texts").items())
    texts.push_back(fmt::format("{}: {}", name, fmt::join(words.get<std::vector<std::string>>(), " ")));
  const auto& loss = sample.at("loss");  // null where there is none
  const std::string of = loss.is_null() ? "" : fmt::format(" (loss {:.4g})", loss.get<double>());
  say("{}: {}{}", title, texts.empty() ? "see the page" : fmt::format("{}", fmt::join(texts, "; ")), of);
  for (const auto& [name, x] : load_safetensors((folder / "record" / "000000.safetensors").string()).tensors) {
    std::string file = name.substr(2);
    std::replace(file.begin(), file.end(), '/', '.');
    save_npy((folder / (file + ".npy")).string(), x);
    const bool addresses = name.ends_with("/sharpened");  // [T, H, N]
    if (x.dim() != 3 || !(addresses || name.ends_with("/weights"))) continue;
    const Tensor weights = addresses ? transpose(x, 0, 1) : x;
    const std::string attention = name.substr(2, name.rfind('/') - 2);
    if (weights.numel() <= kMostCells)
      draw_weights(folder / (file + ".svg"), attention, weights, record.at("samples").at(0));
    fmt::print("{}",
               heatmap_text(grid_of(contiguous(mean(weights, 0))),
                            fmt::format("{}: {}{}", title, attention, weights.size(0) > 1 ? ", mean of the heads" : ""),
                            terminal_style(stdout), 16));
  }
}

void make_reportable(const CommandLine& line, const std::filesystem::path& folder, const std::string& header) {
  if (!std::filesystem::exists(folder / "config.toml")) write_text(folder / "config.toml", line.config_toml());
  write_text(folder / "metrics.csv", "step,loss\n");
  keep_titles(folder, {.command = fmt::format("{} --run {} --look", line.command(), line.run),
                       .header = header,
                       .name = line.look.changes() ? header : ""});  // each of two that lie side by side
}

}  // namespace

std::filesystem::path look_folder(const std::filesystem::path& run) {
  for (int n = 1;; ++n)
    if (std::filesystem::path folder = run / fmt::format("look-{}", n); !std::filesystem::exists(folder)) return folder;
}

void look_at(const CommandLine& line, Module& model, const std::filesystem::path& folder,
             const Recorder::Record& sample) {
  const Recorder plain(model, folder / "record", sample);
  make_reportable(line, folder, "as trained");
  show(folder, "as trained");
  std::vector<std::filesystem::path> pages{folder};
  if (line.look.changes()) {
    const std::filesystem::path changed = folder / "changed";
    std::map<std::string, bool> met;
    {
      const AttentionHooks hooks(changes_of(line.look, met));
      const Recorder other(model, changed / "record", sample);
    }
    if (met.empty())
      throw UsageError(
          fmt::format("{} attends to nothing here that could be changed: leave out what changes it", line.name()));
    if (std::none_of(met.begin(), met.end(), [](const auto& each) { return each.second; })) {
      std::vector<std::string> names;
      for (const auto& each : met) names.push_back(each.first);
      throw UsageError(fmt::format("--only {}: no attention has this in its name; there are: {}", line.look.attention,
                                   fmt::join(names, ", ")));
    }
    make_reportable(line, changed, in_words(line.look));
    show(changed, in_words(line.look));
    pages.push_back(changed);
  }
  write_report(folder / "report.html", pages);
  say("report.html and the weights as .npy are in {}", folder.string());
}

}  // namespace fovea::examples
