// Decoding: a model's next-step distributions become sentences. Batched; rows that have ended are computed no more.
//
//   greedy   y_t = argmax p(y_t | y_<t)                                          (1)
//   sample   y_t ~ softmax(logits / temperature) over the top_k most probable    (2)
//            Σ log p is the model's, whatever the temperature
//   beam     keeps the `width` best continuations by Σ log p(y_t | y_<t), and returns the best finished one by
//            score(Y) = log p(Y) / lp(Y),  lp(Y) = ((5 + |Y|) / 6)^α             (3)
//            Wu et al. 2016, arXiv 1609.08144, section 7; α = 0 does not normalise. |Y| counts the end mark.
//
// A sentence that ends keeps its place in the beam, so a beam of 1 is greedy; the search stops as soon as no other
// sentence can score more. Where none has ended, the most probable one is returned. Ties go to the lower id, then to
// the lower beam. Errors: ValueError for options and for logits that hold NaN; ShapeError for logits that are not [R,
// V].
#pragma once

#include <fovea/core/random.h>
#include <fovea/layers/decoding/incremental.h>

namespace fovea {

struct DecodingOptions {
  int64_t begin, end;  // ids of the marks; end < 0: there is none
  int64_t max_length;  // ids at most, the end mark included
};

struct Decoded {
  Tensor ids;              // i64 [B, L]: without `begin`; from the end mark on all are `end`
  Tensor lengths;          // i64 [B]: ids before the end mark
  Tensor log_probability;  // f64 [B]: Σ log p of the ids, the end mark included
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
