// What decoding needs of a model: the next step, for R rows at once.
//
//   R rows are R continuations, each with a state of its own: what it was given, what it attends to. At the start row b
//   is source b of a batch. A search reorders the rows: a beam copies the rows that go on, and rows that have ended are
//   left out, so that what remains is computed and nothing else.
//
// A model whose state lists its tensors (layers/state.h) is one by make_decoder. Not for training: off the tape.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/layers/state.h>

#include <memory>
#include <utility>

namespace fovea {

class IncrementalDecoder {
 public:
  IncrementalDecoder() = default;
  IncrementalDecoder(const IncrementalDecoder&) = delete;
  IncrementalDecoder& operator=(const IncrementalDecoder&) = delete;
  virtual ~IncrementalDecoder() = default;

  virtual int64_t rows() const = 0;
  // The ids generated last, i64 [R] -> logits [R, V] of what comes next.
  virtual Tensor step(const Tensor& last) = 0;
  // Row r becomes what row rows[r] was; `rows` i64 [R'] may name a row twice or not at all.
  virtual void reorder(const Tensor& rows) = 0;
};

namespace detail {
// ShapeError unless `last` is [rows].
void check_last(const Tensor& last, int64_t rows);

template <class S, class Step>
class StateDecoder final : public IncrementalDecoder {
 public:
  StateDecoder(S state, int64_t rows, Step step) : state_(std::move(state)), rows_(rows), step_(std::move(step)) {}
  int64_t rows() const override { return rows_; }
  Tensor step(const Tensor& last) override {
    check_last(last, rows_);
    const NoGrad quiet;
    return step_(last, state_);
  }
  void reorder(const Tensor& rows) override {
    const NoGrad quiet;
    fovea::reorder(state_, rows);
    rows_ = rows.numel();
  }

 private:
  S state_;
  int64_t rows_;
  Step step_;
};
}  // namespace detail

// step(last, S& state) -> logits, from a state of so many rows. What `step` refers to has to outlive the decoder.
template <class S, class Step>
std::unique_ptr<IncrementalDecoder> make_decoder(S state, int64_t rows, Step step) {
  return std::make_unique<detail::StateDecoder<S, Step>>(std::move(state), rows, std::move(step));
}

}  // namespace fovea
