// SNAIL: temporal convolutions that gather, attention that picks. Mishra, Rohaninejad, Chen, Abbeel 2017, "A Simple
// Neural Attentive Meta-Learner", arXiv 1707.03141; the blocks of its figure 2.
//
//   DenseBlock(X; R, D)      f, g = W_0 x_{t-R} + W_1 x_t + b, 0 before the first step                     (1)
//                            [X ; tanh(f) ⊙ σ(g)]                       C -> C + D channels                 (2)
//   TCBlock(X; T, D)         for i = 1 .. ⌈log₂ T⌉: X = DenseBlock(X; 2^{i-1}, D)                           (3)
//   AttentionBlock(X; K, V)  q, k, v = affine(X): K, K and V wide                                           (4)
//                            A = softmax(causal(q kᵀ / √K))                                                 (5)
//                            [X ; A v]                                  C -> C + V channels                 (6)
//
//   symbol   shape         meaning
//   X        [B, T, C]     a sequence; step t of a block's result sees steps up to t and no further
//   A        [B, T, T]     weights, for a WeightCollector
//
// Dilations begin at 1, not at the 2 of the paper's text, so that a block of T sees T steps without a gap. `step` goes
// on by one column from what the blocks have kept, with the results of the whole. The last steps of a sequence may be
// branches, each of which comes directly after the others. Errors: ShapeError, ValueError. Cost: B T (4 C D + T (K +
// V)).
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/init.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/cell.h>

#include <cmath>

namespace fovea {

// What a block needs of the steps before: W_0 x of a convolution, or k and v, one a step.
struct SnailMemory {
  struct Column {
    Tensor x;  // [B, .]
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("x", x, 0);
    }
  };
  std::vector<Column> columns;
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("columns", columns);
  }
};

class SnailBlock : public Module {
 public:
  virtual Tensor operator()(const Tensor& x, int64_t branches) const = 0;        // [B, T, C] -> [B, T, C + .]
  virtual std::vector<SnailMemory> initial_state() const { return {{}}; }        // a memory for each layer inside
  virtual Tensor step(const Tensor& x, std::span<SnailMemory> state) const = 0;  // [B, C] -> [B, C + .]
  virtual int64_t input_size() const = 0;
  virtual int64_t output_size() const = 0;
};

class DenseBlock final : public Module {
 public:
  DenseBlock(int64_t channels, int64_t dilation, int64_t filters, Generator& generator = default_generator())
      : weight(init::uniform_fan({2, 2 * filters, channels}, 2 * channels, generator)),
        bias(init::uniform_fan({2 * filters}, 2 * channels, generator)),
        dilation_(dilation) {}
  void members(Members& m) override { m("weight", weight)("bias", bias); }

  Tensor operator()(const Tensor& x, int64_t branches = 1) const {
    const auto [earlier, now] = chunk<2>(taps(x), -1);
    const int64_t T = x.size(1), n = T - branches + 1, shift = std::min(dilation_, n);
    const Tensor before = pad(slice(earlier, 1, 0, n - shift), {0, 0, shift, 0});  // up to the first branch
    return gated(x, branches == 1 ? before : index_select(before, 1, clamp(arange(T), 0, n - 1)), now);
  }
  Tensor step(const Tensor& x, SnailMemory& memory) const {
    const auto [earlier, now] = chunk<2>(taps(x), -1);
    memory.columns.push_back({earlier});
    const auto t = memory.columns.size() - 1, R = static_cast<size_t>(dilation_);
    return gated(x, t < R ? zeros_like(now) : memory.columns[t - R].x, now);
  }

  Parameter weight, bias;  // W_0 and W_1 [2, 2 D, C]; [2 D]

 private:
  Tensor taps(const Tensor& x) const { return linear(x, flatten(weight, 0, 1)); }  // W_0 x, W_1 x [.., 4 D]
  Tensor gated(const Tensor& x, const Tensor& earlier, const Tensor& now) const {
    const auto [f, g] = chunk<2>(earlier + now + bias, -1);  // (1) [.., D]
    return cat({x, tanh(f) * sigmoid(g)}, -1);               // (2) [.., C + D]
  }
  int64_t dilation_;
};

class TCBlock final : public SnailBlock {
 public:
  TCBlock(int64_t channels, int64_t steps, int64_t filters, Generator& generator = default_generator())
      : input_size_(channels), size_(channels) {
    check_sizes("TCBlock", {{"channels", channels}, {"steps", steps}, {"filters", filters}});
    for (int64_t dilation = 1; dilation < steps; dilation *= 2, size_ += filters)
      blocks_.emplace_back(size_, dilation, filters, generator);
  }
  void members(Members& m) override { m("blocks", blocks_); }

  Tensor operator()(const Tensor& x, int64_t branches = 1) const override {
    Tensor y = x;
    for (const DenseBlock& block : blocks_) y = block(y, branches);  // (3)
    return y;
  }
  std::vector<SnailMemory> initial_state() const override { return std::vector<SnailMemory>(blocks_.size()); }
  Tensor step(const Tensor& x, std::span<SnailMemory> state) const override {
    Tensor y = x;
    for (size_t i = 0; i < blocks_.size(); ++i) y = blocks_[i].step(y, state[i]);  // (3)
    return y;
  }
  int64_t input_size() const override { return input_size_; }
  int64_t output_size() const override { return size_; }

 private:
  int64_t input_size_, size_;
  std::vector<DenseBlock> blocks_;
};

class AttentionBlock final : public SnailBlock {
 public:
  AttentionBlock(int64_t channels, int64_t key_size, int64_t value_size, Generator& generator = default_generator())
      : keys_(key_size), values_(value_size), affine_(channels, 2 * key_size + value_size, true, generator) {}
  void members(Members& m) override { m("affine", affine_); }

  Tensor operator()(const Tensor& x, int64_t branches = 1) const override {
    const auto [q, k, v] = split<3>(affine_(x), {keys_, keys_, values_}, 2);   // (4)
    return cat({x, attend(q, k, v, branching_mask(x.size(1), branches))}, 2);  // (6)
  }
  Tensor step(const Tensor& x, std::span<SnailMemory> state) const override {
    const auto [q, kv] = split<2>(affine_(x), {keys_, keys_ + values_}, 1);  // (4)
    state[0].columns.push_back({kv});
    std::vector<Tensor> seen;
    for (const auto& column : state[0].columns) seen.push_back(column.x);
    const auto [k, v] = split<2>(stack(seen, 1), {keys_, values_}, 2);
    return cat({x, squeeze(attend(unsqueeze(q, 1), k, v, Tensor()), 1)}, 1);  // (6)
  }
  int64_t input_size() const override { return affine_.weight->size(1); }
  int64_t output_size() const override { return input_size() + values_; }

 private:
  Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) const {
    const Tensor scaled = q / std::sqrt(static_cast<double>(keys_));
    const Tensor e = observed_scores(*this, matmul(scaled, transpose(k, 1, 2)));
    const Tensor A = observed_weights(*this, softmax(e, -1, mask));  // (5) [B, Tq, Tk]
    return matmul(A, v);
  }
  int64_t keys_, values_;
  Linear affine_;
};

}  // namespace fovea
