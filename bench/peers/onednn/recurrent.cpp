#include "onednn.h"

namespace peer {
namespace {

using dnnl::prop_kind;
using dnnl::rnn_direction;
using tag = memory::format_tag;

// 50 steps, batch 32, input 64, hidden 128. Weights have the layouts that the forward and the backward pass ask for,
// each its own; a training loop would also pay for the reorders between them.
struct Shapes {
  int64_t D, G;  // directions, gates
  memory::dims x{50, 32, 64}, h{1, D, 32, 128}, wx{1, D, 64, G, 128}, wh{1, D, 128, G, 128}, bias{1, D, G, 128},
      y{50, 32, 128 * D};
};

// What a backward pass takes beside the forward pass's own: the gradients of all that went in and came out.
template <class Back>
Arguments gradients(const Back& back, Arguments out) {
  out[DNNL_ARG_DIFF_DST_LAYER] = random(back.diff_dst_layer_desc());
  out[DNNL_ARG_DIFF_SRC_LAYER] = random(back.diff_src_layer_desc());
  out[DNNL_ARG_DIFF_WEIGHTS_LAYER] = random(back.diff_weights_layer_desc());
  out[DNNL_ARG_DIFF_WEIGHTS_ITER] = random(back.diff_weights_iter_desc());
  out[DNNL_ARG_DIFF_BIAS] = random(back.diff_bias_desc());
  out[DNNL_ARG_WEIGHTS_LAYER] = random(back.weights_layer_desc());
  out[DNNL_ARG_WEIGHTS_ITER] = random(back.weights_iter_desc());
  return out;
}

template <class Forward>
Arguments arguments(const Forward& forward) {
  return {{DNNL_ARG_SRC_LAYER, random(forward.src_layer_desc())},
          {DNNL_ARG_WEIGHTS_LAYER, random(forward.weights_layer_desc())},
          {DNNL_ARG_WEIGHTS_ITER, random(forward.weights_iter_desc())},
          {DNNL_ARG_BIAS, random(forward.bias_desc())},
          {DNNL_ARG_DST_LAYER, random(forward.dst_layer_desc())},
          {DNNL_ARG_WORKSPACE, memory(forward.workspace_desc(), engine())}};
}

template <class Forward, class Backward, class ForwardDesc, class BackwardDesc>
Step both(const ForwardDesc& forward, const BackwardDesc& backward) {
  const typename Forward::primitive_desc there(forward, engine());
  const typename Backward::primitive_desc back(backward, engine(), there);
  const Arguments given = arguments(there);
  Sequence step;
  step.add(Forward(there), given);
  step.add(Backward(back), gradients(back, given));
  return step;
}

// No state goes in or out: zeros before the first step, and the last one is in the output.
Step lstm(rnn_direction direction, int64_t directions) {
  const Shapes s{.D = directions, .G = 4};
  const memory::desc x = plain(s.x, tag::tnc), y = plain(s.y, tag::tnc), bias = plain(s.bias, tag::ldgo), none;
  const dnnl::lstm_forward::desc forward(prop_kind::forward_training, direction, x, none, none, any(s.wx), any(s.wh),
                                         bias, y, none, none);
  const dnnl::lstm_backward::desc backward(prop_kind::backward, direction, x, none, none, any(s.wx), any(s.wh), bias, y,
                                           none, none, x, none, none, any(s.wx), any(s.wh), bias, y, none, none);
  return both<dnnl::lstm_forward, dnnl::lstm_backward>(forward, backward);
}

// Reset after the product, with a bias of its own.
Step gru() {
  Shapes s{.D = 1, .G = 3};
  s.bias = {1, 1, 4, 128};
  const memory::desc x = plain(s.x, tag::tnc), y = plain(s.y, tag::tnc), bias = plain(s.bias, tag::ldgo), none;
  const auto direction = rnn_direction::unidirectional_left2right;
  const dnnl::lbr_gru_forward::desc forward(prop_kind::forward_training, direction, x, none, any(s.wx), any(s.wh), bias,
                                            y, none);
  const dnnl::lbr_gru_backward::desc backward(prop_kind::backward, direction, x, none, any(s.wx), any(s.wh), bias, y,
                                              none, x, none, any(s.wx), any(s.wh), bias, y, none);
  return both<dnnl::lbr_gru_forward, dnnl::lbr_gru_backward>(forward, backward);
}

}  // namespace

std::vector<Workload> recurrent_workloads() {
  return {
      {"lstm_T50_B32_I64_H128", [] { return lstm(rnn_direction::unidirectional_left2right, 1); }},
      {"gru_T50_B32_I64_H128", gru},
      {"bilstm_T50_B32_I64_H128", [] { return lstm(rnn_direction::bidirectional_concat, 2); }},
  };
}

}  // namespace peer
