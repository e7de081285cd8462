// Location: the query alone says where to look. Luong, Pham, Manning 2015, arXiv 1508.04025, equation (8).
//
//   score(h_t, ·) = W_a h_t, cut to the first Tk entries                         (1)
//
//   symbol   shape          meaning
//   h_t      [B, Tq, Dq]    query
//   W_a      [T_max, Dq]    one row for each position that can be looked at; U(-1/√Dq, 1/√Dq) at the start
//
// The content of the keys is not looked at. Errors: ShapeError for more than T_max keys. Cost: B Tq Tk Dq.
#pragma once

#include <fovea/layers/attention/score/score.h>
#include <fovea/layers/init.h>

namespace fovea {

class LocationScore final : public Score {
 public:
  LocationScore(int64_t query_size, int64_t max_length, Generator& generator = default_generator())
      : weight(init::uniform_fan({checked_size("LocationScore", "max_length", max_length),
                                  checked_size("LocationScore", "query_size", query_size)},
                                 query_size, generator)) {}
  void members(Members& m) override { m("weight", weight); }

  Tensor compare(const Tensor& query, const Tensor& keys) const override {
    check_features("LocationScore", "query", query, weight->size(1));
    const int64_t steps = keys.size(1);
    if (steps > weight->size(0))
      throw ShapeError("LocationScore: keys are " + describe(keys) + "; this layer has " +
                       std::to_string(weight->size(0)) + " positions, make `max_length` at least " +
                       std::to_string(steps));
    return linear(query, slice(weight, 0, 0, steps));  // (1) [B, Tq, Tk]
  }

  Parameter weight;  // W_a
};

}  // namespace fovea
