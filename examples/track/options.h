// What the track program may be told, besides what all programs share, and the tracker that it asks for.
#pragma once

#include <fmt/format.h>
#include <fovea/optim/training/metrics.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "examples/common/command_line.h"
#include "examples/track/trackers.h"

namespace fovea::examples {

// The files that a run leaves for others to draw beside theirs: the first column, and "iou".
struct Curve {
  const char* file;
  std::string_view x;
};
inline constexpr Curve kIouCurve{"iou.csv", "frame"};
inline constexpr Curve kHiddenCurve{"hidden.csv", "frames after the one in which most is hidden"};

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "track",
             .description = "A network follows a digit among others, from the box around it in the first frame.",
             .uses_data = true},
            {.steps = 1500, .batch = 16, .learning_rate = 3e-3, .clip = 1, .validate_every = 250}) {}
  std::string& model =
      choice("model", "hart; fixed: its window does not move; cnn: sees whole frames", {"hart", "fixed", "cnn"});
  int64_t& frames = whole("frames", "of a scene of the test, after the first", 30, 1, 1000);
  int64_t& train_frames = whole("train-frames", "of a scene of training, once they have grown", 10, 1, 1000);
  int64_t& grow = in_steps(whole("grow", "steps in which scenes of training grow from 2 frames", 300, 1));
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 1500, 1));
  int64_t& frame_size = whole("frame-size", "height and width of a frame, pixels", 64, 28, 1000);
  int64_t& distractors = whole("distractors", "other digits", 1, 0, 20);
  int64_t& bar = whole("bar", "width of the bar that hides, pixels; 0: none", 12, 0, 1000);
  double& speed = real("speed", "of the fastest digit, pixels a frame", 2, 0, 100);
  int64_t& crop = goes_with(whole("crop", "pixels of the crop's side", 24, 2, 1000), {{&model, {"hart", "fixed"}}});
  double& context = goes_with(real("context", "the first window's side over the box's", 1.5, 0.1, 100),
                              {{&model, {"hart", "fixed"}}});
  double& gain = goes_with(real("gain", "that moves begin with, tanh(c)", 0.3, 0, 0.99), {{&model, {"hart", "fixed"}}});
  int64_t& features = whole("features", "channels of the convolutions", 16, 1, 1024);
  int64_t& hidden = whole("hidden", "size of the LSTM", 64, 1, 4096);
  std::string& beside =
      may_change(text("beside", "folders of other runs, with commas between, whose IoU is drawn beside this one's"));
  int64_t& test_size = may_change(whole("test-size", "scenes of the test", 1000, 1));

  std::vector<std::filesystem::path> folders_beside() const {
    std::vector<std::filesystem::path> folders;
    std::istringstream list(beside);
    for (std::string folder; std::getline(list, folder, ',');)
      if (!folder.empty()) folders.push_back(named(folder));
    return folders;
  }
  // Ends in a name, which its curve bears: "runs/a/" is "runs/a", "." the folder's own name.
  static std::filesystem::path named(const std::filesystem::path& folder) {
    const auto whole = std::filesystem::absolute(folder).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
  }
  // What is drawn after the training must be there before it.
  static void check_curve(const std::filesystem::path& folder, const Curve& curve) {
    const auto refuse = [&](const std::string& why) {
      throw UsageError(
          fmt::format("--beside {}: {}; need folders of runs of track that were tested", folder.string(), why));
    };
    if (!std::filesystem::exists(folder / curve.file)) refuse(fmt::format("no {} there", curve.file));
    const std::vector<std::string> columns = read_metrics(folder / curve.file).columns;
    for (const std::string_view column : {curve.x, std::string_view("iou")})
      if (std::find(columns.begin(), columns.end(), column) == columns.end())
        refuse(fmt::format("{} has no column '{}'", curve.file, column));
  }
  void settle() override {
    if (model == "cnn") otherwise(hidden, 112);  // as many weights as HART has
    for (const auto& folder : folders_beside())
      for (const Curve& curve : {kIouCurve, kHiddenCurve}) check_curve(folder, curve);
  }
};

inline fovea::Box<Tracker> make_tracker(const Options& o, Generator& generator) {
  if (o.model == "cnn") return FrameTracker(o.frame_size, o.features, o.hidden, generator);
  return as_asked([&] {
    return HartTracker(
        {.crop = o.crop, .features = o.features, .hidden_size = o.hidden, .context = o.context, .first_gain = o.gain},
        o.frame_size, o.model == "hart", generator);
  });
}

}  // namespace fovea::examples
