// What the digits of a sum rest on: a part of what the decoder reads is taken away, and its digits are counted anew.
//
//   digit of place p       (a_p + b_p + carry_p) mod 10, units p = 0, the digits before it given right
//   with the wrong carry   (a_p + b_p + 1 - carry_p) mod 10
//   without a place        the decoder's mask hides a_p and b_p; the encoder has read them all the same
//   without a head         the columns of W_O that read it are zero (multi_head.h (4)), in one layer of the decoder's
//                          attention to the memory
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/layers/transformer/transformer.h>
#include <fovea/optim/training/text/translator.h>

#include <array>

namespace fovea::examples {

// In percent, by place.
struct DigitAnswers {
  std::array<double, 4> right{}, wrong_carry{};
};

class Ablation {
 public:
  // `backwards`: the units are put out first.
  Ablation(const TransformerModel& model, int64_t heads, const text::Translator& translator,
           std::vector<text::Pair> sums, bool backwards)
      : model_(model), heads_(heads), translator_(translator), sums_(std::move(sums)), backwards_(backwards) {}

  DigitAnswers whole() const {
    return digits([](int64_t) { return false; });
  }
  // "123+456=": a_p is character 2 - p, b_p character 6 - p.
  DigitAnswers without_place(int64_t p) const {
    return digits([p](int64_t t) { return t == 2 - p || t == 6 - p; });
  }
  DigitAnswers without_head(int64_t layer, int64_t head) const {
    const NoGrad quiet;
    const auto& attention = *model_.transformer.decoder.layers.at(static_cast<size_t>(layer)).multihead_attn;
    const int64_t d = attention.out_proj.weight->size(1) / heads_;
    const Tensor columns = slice(attention.out_proj.weight, 1, head * d, (head + 1) * d);  // of W_O [D, H d]
    const Tensor before = clone(columns);
    columns.zero_();
    const DigitAnswers found = whole();
    columns.copy_(before);
    return found;
  }

 private:
  // `hides(t)`: the decoder does not see character t.
  template <class Hides>
  DigitAnswers digits(const Hides& hides) const {
    const NoGrad quiet;
    const text::PairBatch batch = translator_.batch(sums_);
    Tensor seen = ones({1, 1, batch.source.size(1)}, boolean);
    for (int64_t t = 0; t < seen.size(2); ++t) seen.set({0, 0, t}, hides(t) ? 0 : 1);
    TransformerModel::Decoding s = model_.encode(batch.source, batch.lengths);
    s.memory_mask = logical_and(s.memory_mask, seen);
    DigitAnswers found;
    for (int64_t u = 0; u < 4; ++u) {
      const Tensor output = argmax(model_.step(slice(batch.input_ids, 1, u, u + 1), s), -1);  // [B, 1]
      count(output, static_cast<size_t>(backwards_ ? u : 3 - u), found);
    }
    return found;
  }
  void count(const Tensor& output, size_t p, DigitAnswers& found) const {
    const double one = 100.0 / static_cast<double>(sums_.size());
    for (size_t i = 0; i < sums_.size(); ++i) {
      const std::string& digit = translator_.target().word(output.at<int64_t>({static_cast<int64_t>(i), 0}));
      const int64_t a = number(sums_[i].source, 0), b = number(sums_[i].source, 4), power = kPowers.at(p);
      const int64_t carry = (a % power + b % power) / power, bare = a / power % 10 + b / power % 10;
      if (digit == std::to_string((bare + carry) % 10)) found.right.at(p) += one;
      if (digit == std::to_string((bare + 1 - carry) % 10)) found.wrong_carry.at(p) += one;
    }
  }
  static int64_t number(const text::Words& source, size_t first) {
    return std::stoll(source[first] + source[first + 1] + source[first + 2]);
  }
  static constexpr std::array<int64_t, 4> kPowers{1, 10, 100, 1000};

  const TransformerModel& model_;
  int64_t heads_;
  const text::Translator& translator_;
  std::vector<text::Pair> sums_;
  bool backwards_;
};

}  // namespace fovea::examples
