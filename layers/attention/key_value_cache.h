// What a decoder's self-attention has seen so far, so that each new position is projected once.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

// K and V of multi_head.h, [B, H, Tk, d] each.
struct KeysValues {
  Tensor keys, values;
  template <class Visit>
  void tensors(Visit&& visit) {  // layers/state.h
    visit("keys", keys, 0), visit("values", values, 0);
  }
};

// Off the tape: no gradient flows into cached positions.
class KeyValueCache {
 public:
  int64_t length() const { return length_; }
  // Adds Tq positions and returns all. ShapeError unless batch and type are those of before.
  KeysValues extend(const KeysValues& more);
  // Forgets all but the first `length` positions. IndexError for more than there are.
  void shorten(int64_t length);
  template <class Visit>
  void tensors(Visit&& visit) {  // layers/state.h
    visit("held", held_), visit("length", length_);
  }

 private:
  KeysValues held_;  // [B, H, capacity, d]
  int64_t length_ = 0;
};

}  // namespace fovea
