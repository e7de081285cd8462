// TrainingState: all that a run needs to go on where it stopped, in one checkpoint file.
//
//   TrainingState run;
//   run("model", model)("optimizer", adam)("schedule", cosine)("data", generator)("step", step);
//   run.notes["task"] = "copy";
//   run.save("run/last.safetensors");      // later, in another process, after making the same objects:
//   run.load("run/last.safetensors");      // notes are replaced by the file's
//
// A resumed run is bitwise the uninterrupted one. Loading is all or nothing: every part is checked before the first one
// is changed. Tensors are named "model.<name>", "optimizer.<parameter>.<symbol>"; numbers are in the metadata. Saving
// is atomic and checksummed (core/checkpoint.h). The parts are referred to and must outlive this. Errors: FileError for
// a file that is corrupt or does not fit, and ValueError for numbers out of range in it; ValueError for a name that is
// empty, has a dot or is taken.
#pragma once

#include <fovea/core/random.h>
#include <fovea/layers/module.h>
#include <fovea/optim/saved_state.h>

namespace fovea {

class TrainingState final : public Saveable {
 public:
  TrainingState& operator()(std::string_view name, Module& module);
  TrainingState& operator()(std::string_view name, Saveable& part);  // an optimiser, a schedule
  TrainingState& operator()(std::string_view name, Generator& generator);
  TrainingState& operator()(std::string_view name, int64_t& number);  // a step, a position in the data
  TrainingState& operator()(std::string_view name, double& number);   // the best loss so far

  Metadata notes;  // whatever else belongs to the run

  void save(std::string_view path) const;
  void load(std::string_view path);

  SavedState saved_state() const override;
  std::function<void()> prepare_load(const SavedState& saved) override;

 private:
  struct Part {
    std::string name;
    std::function<SavedState()> save;
    std::function<std::function<void()>(const SavedState&)> prepare;
  };
  TrainingState& add(Part part);
  template <class Number>
  TrainingState& add_number(std::string_view name, Number& number);
  std::vector<Part> parts_;
};

}  // namespace fovea
