// BLEU, how much of a translation stands in reference translations. Papineni, Roukos, Ward, Zhu 2002, "BLEU: a Method
// for Automatic Evaluation of Machine Translation".
//
//   p_n  = Σ Σ_g min(count_c(g), max_r count_r(g)) / Σ Σ_g count_c(g)            (1)
//   BP   = 1 where c > r, else exp(1 - r/c)                                      (2)
//   BLEU = 100 BP exp(¼ Σ_{n=1..4} ln p_n)                                       (3)
//
// The outer sums of (1) run over all sentences, g over the n-grams of the candidate, r in (1) over its references. In
// (2) c is the length of all candidates, r the sum of the reference lengths nearest to each candidate's (of two equally
// near, the shorter). No smoothing: a p_n of 0 makes BLEU 0. Tokens are compared as they are given, so figures are
// comparable only where tokens are made alike. Errors: ShapeError when a candidate has no reference.
#pragma once

#include <fovea/optim/training/text/vocabulary.h>

#include <vector>

namespace fovea::text {

// candidates[i] has the references references[i].
double bleu(const std::vector<Words>& candidates, const std::vector<std::vector<Words>>& references);

}  // namespace fovea::text
