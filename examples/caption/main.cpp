// caption: a decoder learns to say what is in an image, and shows where it looks for each word.
//
//   caption --attention soft|hard|none --beam 3 ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/caption/evaluation.h"
#include "examples/caption/options.h"
#include "examples/caption/pictures.h"
#include "examples/common/typed.h"

namespace fovea::examples {
namespace {

class Caption final : public Program {
 public:
  explicit Caption(const Options& o)
      : Program(o, {.figure = "words right %", .unit = "images", .loss = "cross-entropy a word, nats"}),
        o_(o),
        model_(as_asked([&] {
          const CaptionerOptions captioner{.vocabulary = kVocabulary,
                                           .features = 0,
                                           .embed_dim = o.embedding,
                                           .hidden_size = o.hidden,
                                           .align = o.attention,
                                           .width = o.width,
                                           .dropout = o.dropout};
          return CaptionModel({.channels = {o.channels, o.channels, o.features}, .kernel = o.kernel}, captioner,
                              initial);
        })) {
    train_with(model_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
    trainer().state()("draws", draws_)("baseline", baseline_);
  }

 private:
  StepOutput step() override {
    const std::vector<Scene> scenes = draw_scenes(o_.batch, 1, o_.shapes, data);
    const Captions captions = captions_of(scenes);
    const double expected = trainer().step() < o_.warmup ? 1 : o_.expectation;
    for_each_module<Hard>(model_, [expected](Hard& hard) { hard.set_expectation(expected); });
    const SequenceOutput output = model_(images_of(scenes), captions.input_ids, draws_);
    MovingBaseline baseline;
    baseline.set_value(scalar(baseline_));
    const Tensor loss = caption_loss(output, captions.target, loss_options(), baseline);
    baseline_ = baseline.value().item();
    const Tensor logits = output.logits.detach();
    const Tensor valid = ge(captions.target, 0), right = eq(argmax(logits, 2), captions.target);
    StepOutput made{loss, {100 * mean(to(masked_select(right, valid), f64)).item()}};
    made.shown = cross_entropy(logits, captions.target).item();
    return made;
  }

  CaptionLossOptions loss_options() const {
    return {.doubly = o_.doubly,
            .score_weight = o_.score_weight,
            .entropy = o_.entropy,
            .discount = o_.discount,
            .sharpen = o_.sharpen};
  }

  // Of fresh images with so many shapes.
  CaptionRightness right(int64_t least, int64_t most, int64_t count, int64_t beam, Generator generator) const {
    CaptionRightness all;
    in_pieces(count, 250, [&](int64_t some) {
      const CaptionRightness part = evaluate(model_, draw_scenes(some, least, most, generator), beam);
      const double share = static_cast<double>(some) / static_cast<double>(count);
      all.exact_percent += share * part.exact_percent;
      all.pointing_percent += share * part.pointing_percent;
      all.mass_percent += share * part.mass_percent;
    });
    return all;
  }

  double validate() override {
    const CaptionRightness found = right(1, o_.shapes, 500, 1, root.fork(3));
    trainer().sample(fmt::format("step {}: validation {}", trainer().step(), in_words(found)));
    return 100 - found.exact_percent + (attends() ? 0.1 * (100 - found.pointing_percent) : 0);
  }

  Metrics test() override {
    Figures exact, pointing, mass;
    CaptionRightness mean;
    for (int64_t shapes = 1; shapes <= kMostShapes; ++shapes) {
      const CaptionRightness found =
          right(shapes, shapes, o_.test_size, o_.beam, root.fork(3 + static_cast<uint64_t>(shapes)));
      const std::string name = std::to_string(shapes);
      exact.emplace_back(name, found.exact_percent), pointing.emplace_back(name, found.pointing_percent);
      mass.emplace_back(name, found.mass_percent);
      mean.exact_percent += found.exact_percent / kMostShapes;
      mean.pointing_percent += found.pointing_percent / kMostShapes;
      mean.mass_percent += found.mass_percent / kMostShapes;
      say("{} fresh images, shapes {}: {}", o_.test_size, shapes, in_words(found));
    }
    Metrics metrics{{"exact_percent", mean.exact_percent}, {"exact_percent_by_shapes", exact}};
    if (attends())
      metrics.insert(metrics.end(), {{"pointing_percent", mean.pointing_percent},
                                     {"pointing_percent_by_shapes", pointing},
                                     {"mass_percent", mean.mass_percent},
                                     {"mass_percent_by_shapes", mass}});
    return metrics;
  }

  void draw() override {
    Generator fresh = root.fork(8);
    picture("caption.png", word_by_word(model_, draw_scene(kMostShapes, fresh), o_.beam));
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_own_caption(recorder, model_, typed_image(text, 3, kImageSide), o_.beam, text);
  }
  void record(Recorder& recorder) override {
    Generator fresh = root.fork(8);
    record_scene(recorder, model_, draw_scene(kMostShapes, fresh));
  }

  std::string in_words(const CaptionRightness& found) const {
    std::string text = fmt::format("{:.2f} % of the captions right", found.exact_percent);
    if (attends()) text += fmt::format("; looks at {:.2f} % of the shapes that it names", found.pointing_percent);
    return text;
  }
  bool attends() const { return o_.attention != "none"; }

  const Options& o_;
  CaptionModel model_;
  Generator draws_ = root.fork(7);
  double baseline_ = 0;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Caption>(argc, argv);
}
