// The networks that examples/adding compares: all read x [B, T, I] with lengths and answer with one number, y [B].
#pragma once

#include <fovea/layers/attention/feed_forward.h>
#include <fovea/layers/attention/lstmn.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/recurrent.h>

namespace fovea::examples {

class Answerer : public Module {
 public:
  virtual Tensor operator()(const Tensor& x, const Tensor& lengths) const = 0;
};

class FeedForwardAnswerer final : public Answerer {
 public:
  FeedForwardAnswerer(const FeedForwardAttentionOptions& options, Generator& generator)
      : network_(options, generator) {}
  void members(Members& m) override { m("network", network_); }
  Tensor operator()(const Tensor& x, const Tensor& lengths) const override { return network_(x, lengths); }

 private:
  FeedForwardAttentionNetwork network_;
};

class LstmAnswerer final : public Answerer {
 public:
  LstmAnswerer(int64_t features, int64_t size, Generator& generator)
      : lstm_({.input_size = features, .hidden_size = size}, generator), output_(size, 1, true, generator) {}
  void members(Members& m) override { m("lstm", lstm_)("output", output_); }
  Tensor operator()(const Tensor& x, const Tensor& lengths) const override {
    return squeeze(output_(select(lstm_(x, {}, lengths).state.hidden, 0, 0)), -1);
  }

 private:
  LSTM lstm_;
  Linear output_;
};

// Answers from h of each sequence's last step.
class LstmnAnswerer final : public Answerer {
 public:
  LstmnAnswerer(int64_t features, int64_t size, Generator& generator)
      : lstmn_(features, size, generator), output_(size, 1, true, generator) {}
  void members(Members& m) override { m("lstmn", lstmn_)("output", output_); }
  Tensor operator()(const Tensor& x, const Tensor& lengths) const override {
    const Tensor h = lstmn_(x, lengths).hidden;  // [B, T, H]
    const Tensor last = expand(reshape(lengths - 1.0, {h.size(0), 1, 1}), {h.size(0), 1, h.size(2)});
    return squeeze(output_(squeeze(gather(h, 1, last), 1)), -1);
  }

 private:
  Lstmn lstmn_;
  Linear output_;
};

}  // namespace fovea::examples
