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

// The caption expected, word by word, with where the network looks for each.
inline void record_caption(Recorder& recorder, const CaptionModel& model, const Scene& scene, bool attends) {
  const Tensor images = images_of({scene});
  const Captions truth = captions_of({scene});
  const auto words = [](const Tensor& ids) {
    RecordedWords found;
    for (int64_t t = 0; t < ids.size(1); ++t)
      found.push_back(ids.at<int64_t>({0, t}) == kEnd ? "<end>"
                                                      : kWords.at(static_cast<size_t>(ids.at<int64_t>({0, t}))));
    return found;
  };
  const RecordedSample sample{
      .title = text_of(caption_of(scene)), .texts = {{"caption", words(truth.target)}}, .queries = "caption"};
  recorder.sample(sample, [&](Recorded& seen) {
    const SequenceOutput output = model(images, truth.input_ids);
    seen.text("answer", words(argmax(output.logits.detach(), -1)));
    seen.images("image", images);
    if (attends) {
      const int64_t side = grid_side(output.weights.size(2));
      seen.over_image("captioner.attention", "image", side, side);
    }
    return cross_entropy(output.logits, truth.target);
  });
}

}  // namespace fovea::examples
