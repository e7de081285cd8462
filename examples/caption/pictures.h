// The picture of a caption: the image, and again for each word of the network's own caption, under the weights with
// which it looked while it gave that word; without attention, the word alone.
#pragma once

#include "examples/caption/evaluation.h"
#include "examples/common/image_picture.h"
#include "examples/common/record.h"

namespace fovea::examples {

inline ImagePicture word_by_word(const CaptionModel& model, const Scene& scene, int64_t beam) {
  const NoGrad quiet;
  const Tensor images = images_of({scene}), image = select(images, 0, 0);
  const std::vector<int64_t> caption = model.captions(images, beam).front();
  const auto words = static_cast<int64_t>(caption.size());
  const Tensor input_ids = reshape(cat({tensor({kBegin}), from(caption, {words})}, 0), {1, words + 1});
  const Tensor weights = model(images, input_ids).weights;  // [1, U, L]
  const std::vector<int64_t> truth = caption_of(scene);
  ImagePicture picture{.columns = 7, .title = (caption == truth ? "" : "wrong, it is ") + text_of(truth)};
  picture.panels.push_back({.image = image});
  for (int64_t t = 0; t < words; ++t) {
    ImagePanel panel{.image = image, .note = kWords.at(static_cast<size_t>(caption[static_cast<size_t>(t)]))};
    if (weights.defined()) {
      const int64_t side = grid_side(weights.size(2));
      panel.weights = reshape(select(select(weights, 0, 0), 0, t), {side, side});
    }
    picture.panels.push_back(std::move(panel));
  }
  return picture;
}

// A caption [1, U], word by word, with where the network looks for each.
inline void record_caption(Recorder& recorder, const CaptionModel& model, const Tensor& images, const Tensor& input_ids,
                           const Tensor& target, const std::string& title) {
  const auto words = [](const Tensor& ids) {
    RecordedWords found;
    for (int64_t t = 0; t < ids.size(1); ++t)
      found.push_back(ids.at<int64_t>({0, t}) == kEnd ? "<end>"
                                                      : kWords.at(static_cast<size_t>(ids.at<int64_t>({0, t}))));
    return found;
  };
  const RecordedSample sample{.title = title, .texts = {{"caption", words(target)}}, .queries = "caption"};
  recorder.sample(sample, [&](Recorded& seen) {
    const SequenceOutput output = model(images, input_ids);
    seen.text("answer", words(argmax(output.logits.detach(), -1)));
    seen.images("image", images);
    if (output.weights.defined()) {
      const int64_t side = grid_side(output.weights.size(2));
      seen.over_image("image", side, side);
    }
    return cross_entropy(output.logits, target);
  });
}

// The caption that the scene has.
inline void record_scene(Recorder& recorder, const CaptionModel& model, const Scene& scene) {
  const Captions truth = captions_of({scene});
  record_caption(recorder, model, images_of({scene}), truth.input_ids, truth.target, text_of(caption_of(scene)));
}

// The caption that the network gives.
inline void record_own_caption(Recorder& recorder, const CaptionModel& model, const Tensor& image, int64_t beam,
                               const std::string& title) {
  const std::vector<int64_t> ids = model.captions(image, beam).front();
  const auto U = static_cast<int64_t>(ids.size());
  const Tensor words = from(ids, {1, U});
  record_caption(recorder, model, image, cat({full({1, 1}, kBegin, i64), words}, 1),
                 cat({words, full({1, 1}, kEnd, i64)}, 1), title);
}

}  // namespace fovea::examples
