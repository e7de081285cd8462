// Decoding: a model's next-step distributions become sentences. Batched; rows that have ended are computed no more.
//
//   greedy   y_t = argmax p(y_t | y_<t)                                          (1)
//   sample   y_t ~ softmax(logits / temperature) over the top_k most probable    (2)
//   beam     keeps the `width` best continuations by Σ log p(y_t | y_<t), and returns the best finished one by
//            score(Y) = log p(Y) / lp(Y),  lp(Y) = ((5 + |Y|) / 6)^α             (3)
//            Wu et al. 2016, arXiv 1609.08144, section 7; α = 0 does not normalise. |Y| counts the end mark.
//
// A beam of 1 is greedy. Ties go to the lower id, then to the lower beam. Errors: ValueError for options.
#pragma once

#include <fovea/core/random.h>
#include <fovea/layers/decoding/incremental.h>

namespace fovea {

struct DecodingOptions {
  int64_t begin, end;  // ids of the marks
  int64_t longest;     // ids to say at most, the end mark included
};

struct Decoded {
  Tensor ids;              // i64 [B, L]: without `begin`; from the end mark on all are `end`
  Tensor lengths;          // i64 [B]: ids before the end mark
  Tensor log_probability;  // f64 [B]: Σ log p of the ids said, the end mark included
};

struct SamplingOptions {
  double temperature = 1;  // 0: greedy
  int64_t top_k = 0;       // 0: from all
  Generator& generator = default_generator();
};

struct BeamOptions {
  int64_t width = 4;
  double length_penalty = 0.6;  // α
};

Decoded greedy(IncrementalDecoder& decoder, const DecodingOptions& options);
Decoded sample(IncrementalDecoder& decoder, const DecodingOptions& options, const SamplingOptions& sampling);
Decoded beam_search(IncrementalDecoder& decoder, const DecodingOptions& options, const BeamOptions& beam);

}  // namespace fovea
