// What a run keeps of its attention, on a few samples that stay the same: docs/recording.md has the files.
//
//   void record(Recorder& recorder) override {           // of a Program; called before the first step, after 1, 2, 5,
//     recorder.sample({.title = "a string", .texts = {{"input", words}}, .keys = "input"}, [&](Recorded& seen) {
//       const Tensor logits = (*model_)(x);              // 10, ... until a validation, and at each of these
//       seen.text("answer", words_of(logits));
//       return cross_entropy(logits, y);                 // what the gradients by scores and weights are of
//     });
//   }
//
// Whatever attention reports in the call is kept, its scores and both gradients too, and the states of cells that are
// memories; what else there is to see the call adds. It must draw from generators of its own, so that a run is the same
// with and without it; the default generator is set back. Errors: FileError for a folder that cannot be written.
#pragma once

#include <fovea/layers/attention/weights.h>
#include <fovea/optim/training/trainer.h>

#include <memory>

namespace fovea::examples {

using RecordedWords = std::vector<std::string>;

struct RecordedSample {
  std::string title{};
  std::vector<std::pair<std::string, RecordedWords>> texts{};
  std::string queries{}, keys{};  // the names of the texts at both sides of an attention; a self-attention has one
};

// Over images, in pixels: boxes [T, 4], x, y, width and height, by name, or corners [T, C, 2]; a path [T, 2].
struct RecordedMarks {
  NamedTensors boxes{};
  Tensor path{};
};
// Of a matrix: names of texts, or titles.
struct RecordedSides {
  std::string rows{}, columns{};
};

// One sample at one step.
class Recorded {
 public:
  Recorded();
  ~Recorded();
  void text(const std::string& name, const RecordedWords& words);  // what the network says at this step
  void images(const std::string& name, const Tensor& x, const RecordedMarks& marks = {});  // [T, C, H, W] from 0 to 1
  void matrix(const std::string& name, const Tensor& x, const RecordedSides& sides = {});  // [R, C]; [T, R, C]
  // The keys of the sample's attentions are the cells of a grid over that image; with `queries` the queries are too.
  void over_image(const std::string& image, int64_t rows, int64_t columns, bool queries = false);

 private:
  friend class Recorder;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

class Recorder {
 public:
  using Record = std::function<void(Recorder&)>;
  // `record` is called at the events of the trainer, whose kept model is in eval mode then and on the tape.
  Recorder(Trainer& trainer, const RunFolder& folder, Record record);
  // One step of a model that is not trained, into `folder`.
  Recorder(Module& model, std::filesystem::path folder, Record record);
  ~Recorder();

  void sample(const RecordedSample& sample, const std::function<Tensor(Recorded&)>& call);
  double seconds() const;  // what it took so far

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fovea::examples
