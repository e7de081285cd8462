// The well-known attentions by their names, and the one that is put together at run time. All are score x align:
//   BahdanauAttention attention(AdditiveScore(query_size, key_size, width));
//   AnyAttention attention(AnyScore(name, {...}), AnyAlign(other_name, {...}));
#pragma once

#include <fovea/layers/attention/align/any.h>
#include <fovea/layers/attention/align/gumbel.h>
#include <fovea/layers/attention/align/hard.h>
#include <fovea/layers/attention/align/local.h>
#include <fovea/layers/attention/align/pointer.h>
#include <fovea/layers/attention/align/soft.h>
#include <fovea/layers/attention/align/straight_through.h>
#include <fovea/layers/attention/attention.h>
#include <fovea/layers/attention/score/additive.h>
#include <fovea/layers/attention/score/any.h>
#include <fovea/layers/attention/score/concat.h>
#include <fovea/layers/attention/score/cosine.h>
#include <fovea/layers/attention/score/dot.h>
#include <fovea/layers/attention/score/general.h>
#include <fovea/layers/attention/score/location.h>
#include <fovea/layers/attention/score/scaled_dot.h>

namespace fovea {

using BahdanauAttention = Attention<AdditiveScore, Soft>;
using LuongDotAttention = Attention<DotScore, Soft>;
using LuongGeneralAttention = Attention<GeneralScore, Soft>;
using LuongConcatAttention = Attention<ConcatScore, Soft>;
using LuongLocationAttention = Attention<LocationScore, Soft>;
using LuongLocalMonotonicAttention = Attention<GeneralScore, LocalMonotonic>;
using LuongLocalPredictiveAttention = Attention<GeneralScore, LocalPredictive>;
using ScaledDotAttention = Attention<ScaledDotScore, Soft>;
using ContentAttention = Attention<CosineScore, Soft>;  // of memories
using HardAttention = Attention<AdditiveScore, Hard>;
using PointerAttention = Attention<AdditiveScore, Pointer>;
using AnyAttention = Attention<AnyScore, AnyAlign>;

}  // namespace fovea
