#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/checkpoint.h>
#include <fovea/optim/training_state.h>

#include <algorithm>

namespace fovea {
namespace {

constexpr std::string_view kFormat = "fovea training state 1";
constexpr std::string_view kNotes = "notes";

std::function<void()> prepare_module(const Module& module, const SavedState& saved) {
  const NamedTensors targets = state(module);
  return [targets, sources = matched("module", targets, saved.tensors)] {
    for (size_t i = 0; i < sources.size(); ++i) {
      Tensor target = targets[i].second;
      array::copy(target, sources[i]);
      target.bump_version("load");
    }
  };
}

// What stands under "<part>." in the whole, per part.
std::map<std::string, SavedState> by_part(const SavedState& saved) {
  std::map<std::string, SavedState> parts;
  for (const auto& [name, tensor] : saved.tensors) {
    const size_t dot = name.find('.');
    parts[name.substr(0, dot)].tensors.emplace_back(dot == std::string::npos ? "" : name.substr(dot + 1), tensor);
  }
  for (const auto& [name, text] : saved.metadata) {
    const size_t dot = name.find('.');
    parts[name.substr(0, dot)].metadata[dot == std::string::npos ? "" : name.substr(dot + 1)] = text;
  }
  return parts;
}

}  // namespace

TrainingState& TrainingState::add(Part part) {
  const auto taken = [&](const Part& other) { return other.name == part.name; };
  if (part.name.empty() || part.name.find('.') != std::string::npos || part.name == kNotes || part.name == "format" ||
      std::any_of(parts_.begin(), parts_.end(), taken))
    throw ValueError(
        fmt::format("training state: \"{}\" cannot name a part; need a new name without dots, not \"notes\" "
                    "or \"format\"",
                    part.name));
  parts_.push_back(std::move(part));
  return *this;
}

TrainingState& TrainingState::operator()(std::string_view name, Module& module) {
  return add({std::string(name),
              [&module] {
                return SavedState{state(module), {}};
              },
              [&module](const SavedState& saved) { return prepare_module(module, saved); }});
}

TrainingState& TrainingState::operator()(std::string_view name, Saveable& part) {
  return add({std::string(name), [&part] { return part.saved_state(); },
              [&part](const SavedState& saved) { return part.prepare_load(saved); }});
}

TrainingState& TrainingState::operator()(std::string_view name, Generator& generator) {
  return add({std::string(name), [&generator] { return saved_generator(generator); },
              [&generator](const SavedState& saved) { return prepare_generator(generator, saved); }});
}

template <class Number>
TrainingState& TrainingState::add_number(std::string_view name, Number& number) {
  const auto save = [name = std::string(name), &number] {
    SavedState saved;
    FieldWriter(saved.metadata, "number")("value", number);
    return saved;
  };
  const auto prepare = [&number](const SavedState& saved) -> std::function<void()> {
    Number loaded{};
    FieldReader(saved.metadata, "number")("value", loaded);
    return [&number, loaded] { number = loaded; };
  };
  return add({std::string(name), save, prepare});
}

TrainingState& TrainingState::operator()(std::string_view name, int64_t& number) { return add_number(name, number); }
TrainingState& TrainingState::operator()(std::string_view name, double& number) { return add_number(name, number); }

SavedState TrainingState::saved_state() const {
  SavedState all;
  all.metadata["format"] = kFormat;
  for (const Part& part : parts_) {
    SavedState saved = part.save();
    for (auto& [name, tensor] : saved.tensors) all.tensors.emplace_back(part.name + "." + name, tensor);
    for (auto& [name, text] : saved.metadata) all.metadata[part.name + "." + name] = text;
  }
  for (const auto& [name, text] : notes) all.metadata[fmt::format("{}.{}", kNotes, name)] = text;
  return all;
}

std::function<void()> TrainingState::prepare_load(const SavedState& saved) {
  require_text(saved.metadata, "format", kFormat);
  std::map<std::string, SavedState> given = by_part(saved);
  given.erase("format");
  std::vector<std::function<void()>> commits;
  for (const Part& part : parts_) {
    try {
      commits.push_back(part.prepare(given[part.name]));
    } catch (const FileError& error) {
      throw FileError(fmt::format("{}: {}", part.name, error.what()));
    }
    given.erase(part.name);
  }
  Metadata loaded = std::move(given[std::string(kNotes)].metadata);
  given.erase(std::string(kNotes));
  if (!given.empty())
    throw FileError(fmt::format("training state: \"{}\" was saved but is not part of this run; nothing was changed",
                                given.begin()->first));
  return [this, commits = std::move(commits), loaded = std::move(loaded)]() mutable {
    for (const auto& commit : commits) commit();
    notes.swap(loaded);
  };
}

void TrainingState::save(std::string_view path) const {
  const SavedState saved = saved_state();
  save_checkpoint(path, saved.tensors, saved.metadata);
}

void TrainingState::load(std::string_view path) {
  SafetensorsFile file = load_checkpoint(path);
  try {
    load_state({std::move(file.tensors), std::move(file.metadata)});
  } catch (const FileError& error) {
    throw FileError(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace fovea
