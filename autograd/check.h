// The checks that ops share. Each throws with the op's name, the operands and the cure.
#pragma once

#include <fovea/core/tensor.h>

#include <string_view>

namespace fovea::check {

void defined(std::string_view op, const Tensor& x);
void floating(std::string_view op, const Tensor& x);                     // DTypeError: cast with to(x, f32)
void number(std::string_view op, const Tensor& x);                       // DTypeError for bool, u8, i32
void computes(std::string_view op, const Tensor& x);                     // DTypeError for u8, i32
void same_dtype(std::string_view op, const Tensor& a, const Tensor& b);  // DTypeError
void dtype(std::string_view op, std::string_view what, const Tensor& x, DType wanted);
void same_shape(std::string_view op, const Tensor& a, const Tensor& b);  // ShapeError
void rank_at_least(std::string_view op, const Tensor& x, int rank);      // ShapeError
// ids in [0, n): IndexError with the first offender and its position.
void ids_below(std::string_view op, const Tensor& ids, int64_t n);
// For anything else: ShapeError "op: text".
[[noreturn]] void shape_error(std::string_view op, std::string_view text);

}  // namespace fovea::check
