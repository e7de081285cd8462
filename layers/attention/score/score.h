// Score: how well each key answers each query; the first of the three parts of an attention (attention.h).
//   query [B, Tq, Dq], keys [B, Tk, Dk] -> scores [B, Tq, Tk]
// What depends on the keys alone is made by `prepare`, once a sequence, and used again at every step of a decoder:
//   const Tensor prepared = score.prepare(keys);
//   for (...) e = score.compare(query, prepared);
// A new score derives from this class and writes `compare`, and `prepare` if there is something to prepare.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

class Score : public Module {
 public:
  virtual Tensor prepare(const Tensor& keys) const { return keys; }
  // query [B, Tq, Dq], prepared keys [B, Tk, .] -> [B, Tq, Tk].
  virtual Tensor compare(const Tensor& query, const Tensor& prepared) const = 0;
  Tensor operator()(const Tensor& query, const Tensor& keys) const { return compare(query, prepare(keys)); }

 protected:
  // ShapeError unless x is [B, T, size]; the message names the score and where it stands in the model.
  void check_features(const char* score, const char* what, const Tensor& x, int64_t size) const {
    if (!x.defined() || x.dim() != 3 || x.size(2) != size)
      throw ShapeError(place(score) + ": " + what + " " + describe(x) + "; need [B, T, " + std::to_string(size) + "]");
  }
  // The same for a query and prepared keys of one batch and one size of features.
  void check_pair(const char* score, const Tensor& query, const Tensor& keys) const {
    if (!query.defined() || !keys.defined() || query.dim() != 3 || keys.dim() != 3 || query.size(0) != keys.size(0) ||
        query.size(2) != keys.size(2))
      throw ShapeError(place(score) + ": query " + describe(query) + ", keys " + describe(keys) +
                       "; need query[B, Tq, D], keys[B, Tk, D] with one B and one D");
  }
  // ValueError unless the size is at least 1.
  static int64_t checked_size(const char* score, const char* what, int64_t size) {
    if (size >= 1) return size;
    throw ValueError(std::string(score) + ": " + what + " " + std::to_string(size) + "; need at least 1");
  }

 private:
  std::string place(const char* score) const { return path().empty() ? score : score + (" (" + path() + ")"); }
};

}  // namespace fovea
