// All scores and alignments by name, and the well-known attentions. Any score goes with any alignment:
//   BahdanauAttention attention(AdditiveScore(query_size, key_size, width));
//   const AnyAttention attention = make_attention({.score = "general", .align = "local-p"}, query_size, key_size);
// A new score or alignment adds its line to the list in registry.cpp; programs, tests and README's table go by that.
// Errors: ValueError lists the names.
#pragma once

#include <fovea/layers/attention/align/gumbel.h>
#include <fovea/layers/attention/align/hard.h>
#include <fovea/layers/attention/align/local.h>
#include <fovea/layers/attention/align/ntm.h>
#include <fovea/layers/attention/align/pointer.h>
#include <fovea/layers/attention/align/soft.h>
#include <fovea/layers/attention/align/straight_through.h>
#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/score/additive.h>
#include <fovea/layers/attention/score/cosine.h>
#include <fovea/layers/attention/score/luong.h>
#include <fovea/layers/attention/score/scaled_dot.h>

#include <string>
#include <vector>

namespace fovea {

using BahdanauAttention = Attention<AdditiveScore, Soft>;
using LuongDotAttention = Attention<DotScore, Soft>;
using LuongConcatAttention = Attention<ConcatScore, Soft>;
using ScaledDotAttention = Attention<ScaledDotScore, Soft>;
using ContentAttention = Attention<CosineScore, Soft>;  // of memories
using PointerAttention = Attention<AdditiveScore, Pointer, LogRead>;

std::vector<std::string> score_names();
std::vector<std::string> align_names();
// Whether a score compares query and key feature by feature, so that they need one size.
bool needs_one_size(std::string_view score);

// Which attention, and what its parts are made with; each takes what it needs.
struct AttentionChoice {
  std::string score = "additive";
  std::string align = "soft";
  int64_t query = 0, key = 0;  // Dq, Dk
  int64_t width = 0;           // A of additive and concat; 0: as wide as the key
  int64_t predictor = 0;       // P of local-p; 0: as wide as the query
  int64_t max_length = 256;    // of the sources that location can look at
  int64_t shift = 1;           // S of ntm
  double half_width = 10;      // D of the local alignments
  double strength = 1;         // of cosine, at the start
  double temperature = 1;      // of gumbel
};

class AnyScore final : public Score {
 public:
  explicit AnyScore(const AttentionChoice& choice, Generator& generator = default_generator());
  void members(Members& m) override { m("chosen", held_); }
  Tensor prepare(const Tensor& keys) const override { return held_->prepare(keys); }
  Tensor compare(const Tensor& query, const Tensor& prepared) const override { return held_->compare(query, prepared); }

 private:
  Box<Score> held_;
};

class AnyAlign final : public AlignTo<AnyOutcome> {
 public:
  explicit AnyAlign(const AttentionChoice& choice, Generator& generator = default_generator());
  void members(Members& m) override { m("chosen", held_); }
  AnyOutcome weigh(const AlignInput& in) const override { return held_->weigh_any(in); }

 private:
  Box<Align> held_;
};

using AnyAttention = Attention<AnyScore, AnyAlign>;
AnyAttention make_attention(AttentionChoice choice, int64_t query, int64_t key,
                            Generator& generator = default_generator());

}  // namespace fovea
