// Score: how well each key answers each query; the first of the three parts of an attention (attention.h).
//   query [B, Tq, Dq], keys [B, Tk, Dk] -> scores [B, Tq, Tk]
// What depends on the keys alone is made by `prepare`, once a sequence, and used again at every step of a decoder:
//   const Tensor prepared = score.prepare(keys);
//   for (...) e = score.compare(query, prepared);
// A new score derives from this class and writes `compare`, and `prepare` if there is something to prepare.
#pragma once

#include <fovea/layers/module.h>

#include <string_view>

namespace fovea {

class Score : public Module {
 public:
  virtual Tensor prepare(const Tensor& keys) const { return keys; }
  // query [B, Tq, Dq], prepared keys [B, Tk, .] -> [B, Tq, Tk].
  virtual Tensor compare(const Tensor& query, const Tensor& prepared) const = 0;
  Tensor operator()(const Tensor& query, const Tensor& keys) const { return compare(query, prepare(keys)); }

 protected:
  // ShapeError unless x is [B, T, size]; the message names the score and where it stands in the model.
  void check_features(std::string_view score, std::string_view what, const Tensor& x, int64_t size) const;
  // The same for a query and prepared keys of one batch and one size of features.
  void check_pair(std::string_view score, const Tensor& query, const Tensor& prepared) const;
  // ValueError unless the size is at least 1.
  static int64_t checked_size(std::string_view score, std::string_view what, int64_t size);
};

}  // namespace fovea
