// The checks of layers and their messages: which layer, what it was given, what it needs. A module's own place in the
// model, its path(), stands beside its type.
#pragma once

#include <fovea/layers/module.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace fovea {

// ValueError unless every size is at least 1: check_sizes("Linear", {{"in", in}, {"out", out}}).
void check_sizes(std::string_view type, std::initializer_list<std::pair<std::string_view, int64_t>> sizes);
// ValueError unless the number is above 0.
double checked_positive(std::string_view type, std::string_view what, double value);
// ShapeError unless x is [B, size] or, of rank 3, [B, T, size] with T >= min_length.
void check_features(const Module& layer, std::string_view type, std::string_view what, const Tensor& x, int rank,
                    int64_t size, int64_t min_length = 0);
// ShapeError unless x [B, T, .] has as many steps as answers are wanted, 0 <= answers <= T.
void check_answers(const Module& layer, std::string_view type, const Tensor& x, int64_t answers);
// "LSTM (model.encoder)", or the type alone where the model is not named.
std::string place(const Module& layer, std::string_view type);

}  // namespace fovea
