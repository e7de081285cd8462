// track: a network follows a digit among others, behind a bar, from the box around it in the first frame.
//
//   track --model hart|fixed|cnn --frames 30 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include <sstream>

#include "examples/common/mnist.h"
#include "examples/common/program.h"
#include "examples/track/pictures.h"

namespace fovea::examples {
namespace {

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
  int64_t& train_frames = whole("train-frames", "of a scene of training, in the end", 10, 1, 1000);
  int64_t& grow = in_steps(whole("grow", "steps in which scenes of training grow from 2 frames", 300, 1));
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 1500, 1));
  int64_t& side = whole("side", "of a frame, pixels", 64, 28, 1000);
  int64_t& distractors = whole("distractors", "other digits", 1, 0, 20);
  int64_t& bar = whole("bar", "width of the bar that hides, pixels; 0: none", 12, 0, 1000);
  double& speed = real("speed", "of a digit at most, pixels a frame", 2, 0, 100);
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
    for (std::string folder; std::getline(list, folder, ',');) folders.emplace_back(folder);
    return folders;
  }
  void settle() override {
    if (model == "cnn") otherwise(hidden, 112);  // as many weights as HART has
    for (const auto& folder : folders_beside())
      if (!std::filesystem::exists(folder / "iou.csv"))
        throw UsageError(fmt::format("--beside {}: no iou.csv there; need folders of runs of track that were tested",
                                     folder.string()));
  }
};

fovea::Box<Tracker> make_tracker(const Options& o, Generator& generator) {
  if (o.model == "cnn") return FrameTracker(o.side, o.features, o.hidden, generator);
  return as_asked([&] {
    return HartTracker(
        {.crop = o.crop, .features = o.features, .hidden_size = o.hidden, .context = o.context, .first_gain = o.gain},
        o.side, o.model == "hart", generator);
  });
}

class Tracking final : public Program {
 public:
  explicit Tracking(const Options& o)
      : Program(o, {.figure = "IoU", .unit = "scenes", .loss = "loss"}), o_(o), tracker_(make_tracker(o, initial)) {
    const Tensor digits = read_mnist(o, "train").images;
    const int64_t kept = std::max<int64_t>(1, digits.size(0) / 10);  // for the validation
    training_ = slice(digits, 0, 0, digits.size(0) - kept);
    validation_ = slice(digits, 0, digits.size(0) - kept);
    test_ = read_mnist(o, "t10k").images;
    train_with(*tracker_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  WorldOptions world(int64_t frames) const {
    return {.side = o_.side, .frames = frames, .distractors = o_.distractors, .bar = o_.bar, .speed = o_.speed};
  }

  StepOutput step() override {
    const int64_t least = std::min<int64_t>(2, o_.train_frames);
    const int64_t grown = std::min((o_.train_frames - least) * trainer().step() / o_.grow, o_.train_frames - least);
    const Scenes scenes = draw_scenes(training_, world(least + grown), o_.batch, data);
    const Track track = (*tracker_)(scenes.frames, select(scenes.boxes, 1, 0));
    const double agree = mean(iou(slice(track.boxes.detach(), 1, 1), slice(scenes.boxes, 1, 1))).item();
    return {tracker_->loss(track, scenes.boxes), {agree}};
  }

  struct Agreements {
    Agreement tracker, still, seen;  // the last: not of boxes, but how much of the object is seen
  };
  Agreements agreements(const Tensor& digits, int64_t count, Generator generator) const {
    Agreements sum{Agreement(o_.frames), Agreement(o_.frames), Agreement(o_.frames)};
    in_pieces(count, 50, [&](int64_t some) {
      const Scenes scenes = draw_scenes(digits, world(o_.frames), some, generator);
      const Tensor first = slice(scenes.boxes, 1, 0, 1), truth = slice(scenes.boxes, 1, 1),
                   seen = contiguous(slice(scenes.seen, 1, 1));
      const Track track = (*tracker_)(scenes.frames, select(first, 1, 0));
      sum.tracker.add(iou(slice(track.boxes, 1, 1), truth), seen);
      sum.still.add(iou(first, truth), seen);
      sum.seen.add(seen, seen);
    });
    return sum;
  }

  double validate() override {
    const double found = agreements(validation_, 200, root.fork(3)).tracker.mean();
    trainer().sample(fmt::format("step {}: validation IoU {:.3f}", trainer().step(), found));
    return 1 - found;
  }

  Metrics test() override {
    const auto [tracker, still, seen] = agreements(test_, o_.test_size, root.fork(4));
    say("{} scenes of {} frames: IoU {:.3f}, where at least half is hidden {:.3f}; of the first box {:.3f} and {:.3f}",
        o_.test_size, o_.frames, tracker.mean(), tracker.hidden(), still.mean(), still.hidden());
    write_curves(file("iou.csv"), "frame", 1, {{"iou", {}, tracker.by_frame()}, {"first box", {}, still.by_frame()}});
    write_curves(
        file("hidden.csv"), "frames after the one in which most is hidden", -Agreement::reach,
        {{"iou", {}, tracker.around()}, {"first box", {}, still.around()}, {"share that is seen", {}, seen.around()}});
    return {{"mean_iou", Figures{{o_.model, tracker.mean()}, {"still", still.mean()}}},
            {"hidden_iou", Figures{{o_.model, tracker.hidden()}, {"still", still.hidden()}}},
            {"last_iou", Figures{{o_.model, tracker.by_frame().back()}, {"still", still.by_frame().back()}}}};
  }

  void draw() override {
    Generator generator = root.fork(5);
    const Scenes scene = draw_scenes(test_, world(o_.frames), 1, generator);
    const Track track = (*tracker_)(scene.frames, select(scene.boxes, 1, 0));
    picture("scene.png", scene_picture(*tracker_, scene, track));
    write_animation(file("scene.gif"), scene_animation(*tracker_, scene, track), 0.2);
    trainer().picture(file("scene.gif").string());
    if (!std::filesystem::exists(file("iou.csv"))) return;  // stopped before the test
    picture("iou.png", curves(file("iou.csv"), o_.model, "from frame to frame", o_.folders_beside()));
    picture("hidden.png", curves(file("hidden.csv"), o_.model, "before and behind the bar", o_.folders_beside()));
  }
  const Options& o_;
  Tensor training_{}, validation_{}, test_{};
  fovea::Box<Tracker> tracker_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Tracking>(argc, argv);
}
