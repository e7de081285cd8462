// A SNAIL whole: an affine map of the input, blocks of snail.h after each other, an affine map of what they make.
//
//   Snail policy({.input_size = 7, .embed_dim = 32, .output_size = 6, .steps = 10,
//                 .blocks = {{.filters = 32}, {.filters = 32}, {.key_size = 32, .value_size = 32}}});
//
//   X_0 = W_i x + b_i  (x itself where embed_dim is 0)                           (1)
//   X_l = block_l(X_{l-1})                                                       (2)
//   y   = W_o X_L + b_o                                                          (3)
//
//   symbol   shape         meaning
//   x        [B, T, I]     input; y_t depends on x up to t
//   y        [B, T, O]     output
//
// A block with `filters` is a TCBlock of `steps`, one with key_size and value_size an AttentionBlock. Step by step,
// with results and gradients as those of the whole:  y_t, state = snail.step(x_t, state)  from initial_state(). Errors:
// ValueError for sizes and for a block that is neither; ShapeError for x.
#pragma once

#include <fovea/layers/snail/snail.h>

#include <optional>

namespace fovea {

struct SnailOptions {
  struct Block {
    int64_t filters = 0;                   // D of a TCBlock
    int64_t key_size = 0, value_size = 0;  // K and V of an AttentionBlock
  };
  int64_t input_size;     // I
  int64_t embed_dim = 0;  // of X_0; 0: x is X_0
  int64_t output_size;    // O
  int64_t steps;          // T, of the longest sequence
  std::vector<Block> blocks;
};

class Snail final : public Module {
 public:
  struct State {
    struct Part {
      std::vector<SnailMemory> layers;
      template <class Visit>
      void tensors(Visit&& visit) {
        visit("layers", layers);
      }
    };
    std::vector<Part> blocks;
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("blocks", blocks);
    }
  };

  explicit Snail(const SnailOptions& o, Generator& generator = default_generator()) {
    check_sizes("Snail", {{"input_size", o.input_size}, {"output_size", o.output_size}, {"steps", o.steps}});
    if (o.embed_dim < 0) throw ValueError("Snail: embed_dim is below 0; need 0 for none, or a size");
    if (o.embed_dim > 0) input_.emplace(o.input_size, o.embed_dim, true, generator);
    int64_t size = o.embed_dim > 0 ? o.embed_dim : o.input_size;
    for (const SnailOptions::Block& b : o.blocks) {
      const bool attends = b.key_size > 0 && b.value_size > 0 && b.filters == 0;
      if (!attends && (b.filters < 1 || b.key_size != 0 || b.value_size != 0))
        throw ValueError("Snail: a block has filters, or key_size and value_size, 1 and above");
      if (attends)
        blocks_.emplace_back(AttentionBlock(size, b.key_size, b.value_size, generator));
      else
        blocks_.emplace_back(TCBlock(size, o.steps, b.filters, generator));
      size = blocks_.back()->output_size();
    }
    output_.emplace(size, o.output_size, true, generator);
  }
  void members(Members& m) override { m("input", input_)("blocks", blocks_)("output", output_); }

  // The last `branches` steps come each directly after the others, without those beside it.
  Tensor operator()(const Tensor& x, int64_t branches = 1) const {
    check_features(*this, "Snail", "x", x, 3, input_size(), 1);
    if (branches < 1 || branches > x.size(1))
      throw ValueError(place(*this, "Snail") + ": " + std::to_string(branches) + " branches of x " + describe(x) +
                       "; need 1 to as many as it has steps");
    Tensor y = input_ ? (*input_)(x) : x;                         // (1) [B, T, .]
    for (const auto& block : blocks_) y = (*block)(y, branches);  // (2)
    return (*output_)(y);                                         // (3) [B, T, O]
  }

  State initial_state() const {
    State state;
    for (const auto& block : blocks_) state.blocks.push_back({block->initial_state()});
    return state;
  }
  // x [B, I] -> [B, O].
  Stepped<State> step(const Tensor& x, State state) const {
    check_features(*this, "Snail", "x", x, 2, input_size(), 1);
    Tensor y = input_ ? (*input_)(x) : x;                                                         // (1) [B, .]
    for (size_t l = 0; l < blocks_.size(); ++l) y = blocks_[l]->step(y, state.blocks[l].layers);  // (2)
    return {(*output_)(y), std::move(state)};                                                     // (3) [B, O]
  }

 private:
  int64_t input_size() const {
    if (input_) return input_->weight->size(1);
    return blocks_.empty() ? output_->weight->size(1) : blocks_.front()->input_size();
  }
  std::optional<Linear> input_, output_;
  std::vector<Box<SnailBlock>> blocks_;
};

}  // namespace fovea
