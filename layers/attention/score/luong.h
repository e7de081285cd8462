// The scores of Luong, Pham, Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation", arXiv
// 1508.04025, section 3.1.
//
//   dot        score(h_t, h_s) = h_tᵀ h_s                                        (1)
//   general    score(h_t, h_s) = h_tᵀ W_a h_s                                    (2)
//   concat     score(h_t, h_s) = v_aᵀ tanh(W_a [h_t ; h_s])                      (3)
//                              = v_aᵀ tanh(W_t h_t + W_s h_s),   W_a = [W_t | W_s]          (4)
//   location   score(h_t, ·) = W_a h_t, cut to the first Tk entries              (5)
//
//   symbol   shape             meaning
//   h_t      [B, Tq, Dq]       query: the decoder's state
//   h_s      [B, Tk, Dk]       keys: the encoder's states; Dk = Dq for dot
//   W_a      [Dq, Dk]          of general; the identity makes it the dot product
//            [A, Dq + Dk]      of concat, with v_a [A]
//            [T_max, Dq]       of location: one row for each position that can be looked at
//
// All U(-1/√n, 1/√n) at the start, n the columns. W_a h_s of general and W_s h_s of concat are worked out once a
// sequence. Location does not look at the content of the keys. Errors: ShapeError, for more than T_max keys too.
// Cost: B Tq Tk D; location B Tq Tk Dq.
#pragma once

#include <fovea/autograd/attention.h>
#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/init.h>

namespace fovea {

class DotScore final : public Score {
 public:
  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_pair("DotScore", query, keys);
    return matmul(query, transpose(keys, 1, 2));  // (1) [B, Tq, Tk]
  }
};

class GeneralScore final : public Score {
 public:
  GeneralScore(int64_t query_size, int64_t key_size, Generator& generator = default_generator()) {
    check_sizes("GeneralScore", {{"query_size", query_size}, {"key_size", key_size}});
    weight = Parameter(init::uniform_fan({query_size, key_size}, key_size, generator));
  }
  void members(Members& m) override { m("weight", weight); }

  Tensor prepare(const Tensor& keys) const override {
    check_features(*this, "GeneralScore", "key", keys, 3, weight->size(1));
    return linear(keys, weight);  // W_a h_s  [B, Tk, Dq]
  }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_pair("GeneralScore", query, prepared);
    return matmul(query, transpose(prepared, 1, 2));  // (2) [B, Tq, Tk]
  }

  Parameter weight;  // W_a
};

class ConcatScore final : public Score {
 public:
  ConcatScore(int64_t query_size, int64_t key_size, int64_t width, Generator& generator = default_generator())
      : query_size_(query_size) {
    check_sizes("ConcatScore", {{"query_size", query_size}, {"key_size", key_size}, {"width", width}});
    weight = Parameter(init::uniform_fan({width, query_size + key_size}, query_size + key_size, generator));
    v = Parameter(init::uniform_fan({width}, width, generator));
  }
  void members(Members& m) override { m("weight", weight)("v", v); }

  Tensor prepare(const Tensor& keys) const override {
    check_features(*this, "ConcatScore", "key", keys, 3, weight->size(1) - query_size_);
    return linear(keys, slice(weight, 1, query_size_));  // W_s h_s  [B, Tk, A]
  }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override {
    check_features(*this, "ConcatScore", "query", query, 3, query_size_);
    return additive_score(linear(query, slice(weight, 1, 0, query_size_)), prepared, v);  // (4) [B, Tq, Tk]
  }

  Parameter weight, v;  // W_a, v_a

 private:
  int64_t query_size_;
};

class LocationScore final : public Score {
 public:
  LocationScore(int64_t query_size, int64_t max_length, Generator& generator = default_generator()) {
    check_sizes("LocationScore", {{"query_size", query_size}, {"max_length", max_length}});
    weight = Parameter(init::uniform_fan({max_length, query_size}, query_size, generator));
  }
  void members(Members& m) override { m("weight", weight); }

  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_features(*this, "LocationScore", "query", query, 3, weight->size(1));
    const int64_t steps = keys.size(1);
    if (steps > weight->size(0))
      throw ShapeError("LocationScore: keys are " + describe(keys) + "; this layer has " +
                       std::to_string(weight->size(0)) + " positions, make max_length at least " +
                       std::to_string(steps));
    return linear(query, slice(weight, 0, 0, steps));  // (5) [B, Tq, Tk]
  }

  Parameter weight;  // W_a
};

}  // namespace fovea
