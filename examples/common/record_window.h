// An image, the window of it that a network reads, and what it reads there, recorded.
#pragma once

#include <fovea/autograd/ops.h>

#include "examples/common/record.h"

namespace fovea::examples {

struct ReadWindow {
  Tensor logits;          // [1, classes]
  Tensor read{};          // [1, 1, h, w]; undefined where nothing is read
  RecordedMarks marks{};  // over the image
};

// The label that is expected, or -1: then the loss is of the network's own answer.
template <class Read>
void record_window(Recorder& recorder, const std::string& title, const Tensor& image, int64_t label, const Read& read) {
  recorder.sample({.title = title}, [&](Recorded& seen) {
    const ReadWindow found = read(image);
    const Tensor answer = argmax(found.logits.detach(), 1);
    seen.text("answer", {std::to_string(answer.item<int64_t>())});
    seen.images("image", image, found.marks);
    if (found.read.defined()) seen.images("read", clamp(found.read.detach(), 0, 1));
    return cross_entropy(found.logits, label < 0 ? answer : tensor({label}));
  });
}

}  // namespace fovea::examples
