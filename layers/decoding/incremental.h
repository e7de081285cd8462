// What decoding needs of a model: the next step, for R rows at once.
//
//   R rows are R continuations, each with a state of its own: what it has said, what it attends to. At the start row b
//   is source b of a batch. A search reorders the rows: a beam copies the rows that go on, and rows that have ended are
//   left out, so that what remains is computed and nothing else.
//
// Not for training: what a step returns need not be on the tape.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

class IncrementalDecoder {
 public:
  IncrementalDecoder() = default;
  IncrementalDecoder(const IncrementalDecoder&) = delete;
  IncrementalDecoder& operator=(const IncrementalDecoder&) = delete;
  virtual ~IncrementalDecoder() = default;

  virtual int64_t rows() const = 0;
  // What was said last, ids i64 [R] -> logits [R, V] of what comes next.
  virtual Tensor step(const Tensor& last) = 0;
  // Row r becomes what row rows[r] was; `rows` i64 [R'] may name a row twice or not at all.
  virtual void reorder(const Tensor& rows) = 0;
};

}  // namespace fovea
