// Score: how well each key answers each query; the first of the three parts of an attention (attention.h).
//   query [B, Tq, Dq], keys [B, Tk, Dk] -> scores [B, Tq, Tk]
// What depends on the keys alone is made by `prepare`, once a sequence, and used again at every step of a decoder:
//   const Tensor prepared = score.prepare(keys);
//   for (...) e = score.compare(query, prepared);
// A new score derives from this class and writes `compare`, and `prepare` if there is something to prepare.
#pragma once

#include <fovea/layers/check.h>

namespace fovea {

class Score : public Module {
 public:
  virtual Tensor prepare(const Tensor& keys) const { return keys; }
  // query [B, Tq, Dq], prepared keys [B, Tk, .] -> [B, Tq, Tk].
  virtual Tensor compare(const Tensor& query, const Tensor& prepared) const = 0;
  Tensor operator()(const Tensor& query, const Tensor& keys) const { return compare(query, prepare(keys)); }

 protected:
  // ShapeError unless a query and prepared keys have one batch and one size of features.
  void check_pair(const char* score, const Tensor& query, const Tensor& keys) const {
    if (!query.defined() || !keys.defined() || query.dim() != 3 || keys.dim() != 3 || query.size(0) != keys.size(0) ||
        query.size(2) != keys.size(2))
      throw ShapeError(place(*this, score) + ": query " + describe(query) + ", keys " + describe(keys) +
                       "; need query[B, Tq, D], keys[B, Tk, D] with one B and one D");
  }
};

}  // namespace fovea
