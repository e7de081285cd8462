// track: a network follows a digit among others, behind a bar, from the box around it in the first frame.
//
//   track --model hart|fixed|cnn --frames 30 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/mnist.h"
#include "examples/common/program.h"
#include "examples/track/options.h"
#include "examples/track/pictures.h"
#include "examples/track/recorded.h"

namespace fovea::examples {
namespace {

class Tracking final : public Program {
 public:
  explicit Tracking(const Options& o)
      : Program(o, {.figure = "IoU", .unit = "scenes", .loss = "loss of box, window and mask, nats"}),
        o_(o),
        tracker_(make_tracker(o, initial)) {
    const Tensor digits = read_mnist(o, "train").images;
    if (digits.size(0) < 2) throw UsageError("--data: one digit to train with; need one for the validation too");
    const int64_t kept = std::max<int64_t>(1, digits.size(0) / 10);  // for the validation
    training_ = slice(digits, 0, 0, digits.size(0) - kept);
    validation_ = slice(digits, 0, digits.size(0) - kept);
    test_ = read_mnist(o, "t10k").images;
    train_with(*tracker_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  WorldOptions world(int64_t frames) const {
    return {.side = o_.frame_size, .frames = frames, .distractors = o_.distractors, .bar = o_.bar, .speed = o_.speed};
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
    say("{} scenes of {} frames: IoU {:.3f}, where at least half is hidden {}; of the first box {:.3f} and {}",
        o_.test_size, o_.frames, tracker.mean(), or_none(tracker.hidden()), still.mean(), or_none(still.hidden()));
    write_curves(file(kIouCurve.file), kIouCurve.x, 1,
                 {{"iou", {}, tracker.by_frame()}, {"first box", {}, still.by_frame()}});
    write_curves(
        file(kHiddenCurve.file), kHiddenCurve.x, -Agreement::reach,
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
    if (!std::filesystem::exists(file(kIouCurve.file))) return;  // stopped before the test
    picture("iou.png", curves(file(kIouCurve.file), o_.model, "from frame to frame", o_.folders_beside()));
    picture("hidden.png", curves(file(kHiddenCurve.file), o_.model, "before and behind the bar", o_.folders_beside()));
  }

  void look(Recorder& recorder, const std::string& text) override {
    const auto [frames, box] = typed_frames(text, o_.frame_size);
    record_frames(recorder, *tracker_, {frames, box, {}}, text);
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    record_frames(recorder, *tracker_, draw_scenes(test_, world(o_.frames), 1, generator),
                  fmt::format("{} frames", o_.frames));
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
