// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <fovea/autograd/attention.h>
#include <fovea/autograd/batch_norm.h>
#include <fovea/autograd/conv.h>
#include <fovea/autograd/embedding_bag.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/interpolate.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/pixel_crops.h>
#include <fovea/autograd/pool.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/autograd/sdpa.h>
#include <fovea/autograd/stack.h>
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_fused(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  m.def(
      "additive_score",
      [](const Tensor& query, const Tensor& keys, const Tensor& v) -> Tensor {
        const Released others(query, keys, v);
        return fovea::additive_score(query, keys, v);
      },
      "query"_a, "keys"_a, "v"_a, "Fused ops of attention.\n\ne_ij = v . tanh(q_i + k_j)");
  m.def(
      "scaled_dot_product_attention",
      [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor* mask, bool causal, int64_t offset,
         double scale) -> Tensor {
        const Released others(q, k, v, mask);
        return fovea::scaled_dot_product_attention(
            q, k, v, SdpaOptions{.mask = given(mask), .causal = causal, .offset = offset, .scale = scale});
      },
      "q"_a, "k"_a, "v"_a, "mask"_a = nb::none(), "causal"_a = false, "offset"_a = 0, "scale"_a = 0,
      "Scaled dot-product attention.\n\ny = softmax(q kᵀ / √d) v");
  m.def(
      "plain_sdpa",
      [](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor* mask, bool causal, int64_t offset,
         double scale, std::function<Tensor(const Tensor&)> scores, std::function<Tensor(const Tensor&)> weights) {
        const Released others(q, k, v, mask);
        const auto y = fovea::plain_sdpa(
            q, k, v, SdpaOptions{.mask = given(mask), .causal = causal, .offset = offset, .scale = scale},
            SdpaChanges{.scores = scores, .weights = weights});
        return std::make_tuple(y.context, y.weights);
      },
      "q"_a, "k"_a, "v"_a, "mask"_a = nb::none(), "causal"_a = false, "offset"_a = 0, "scale"_a = 0,
      "scores"_a = nb::none(), "weights"_a = nb::none(), "Scaled dot-product attention.");
  m.def(
      "conv2d",
      [](const Tensor& x, const Tensor& weight, const Tensor* bias, RowsColumns stride, RowsColumns padding,
         RowsColumns dilation, int64_t groups) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::conv2d(
            x, weight, given(bias),
            ConvolutionOptions{.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
      },
      "x"_a, "weight"_a, "bias"_a = nb::none(), "stride"_a = 1, "padding"_a = 0, "dilation"_a = 1, "groups"_a = 1,
      "Convolution.\n\ny(b, o, i, j) = bias(o) + sum_c,u,v weight(o, c, u, v) x(b, c, i stride + u - padding, ..)");
  m.def(
      "conv_transpose2d",
      [](const Tensor& x, const Tensor& weight, const Tensor* bias, RowsColumns stride, RowsColumns padding,
         RowsColumns output_padding, RowsColumns dilation, int64_t groups) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::conv_transpose2d(x, weight, given(bias),
                                       ConvTransposeOptions{.stride = stride,
                                                            .padding = padding,
                                                            .output_padding = output_padding,
                                                            .dilation = dilation,
                                                            .groups = groups});
      },
      "x"_a, "weight"_a, "bias"_a = nb::none(), "stride"_a = 1, "padding"_a = 0, "output_padding"_a = 0,
      "dilation"_a = 1, "groups"_a = 1,
      "Convolution.\n\ny(b, o, i stride + u dilation - padding, ..) = bias(o) + sum_c,u,v weight(c, o, u, v) x(b, c, "
      "i, j)");
  m.def(
      "conv1d",
      [](const Tensor& x, const Tensor& weight, const Tensor* bias, int64_t stride, int64_t padding, int64_t dilation,
         int64_t groups) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::conv1d(
            x, weight, given(bias),
            Conv1dOptions{.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
      },
      "x"_a, "weight"_a, "bias"_a = nb::none(), "stride"_a = 1, "padding"_a = 0, "dilation"_a = 1, "groups"_a = 1,
      "Convolution.\n\ny(b, o, t) = bias(o) + sum_c,u weight(o, c, u) x(b, c, t stride + u dilation - padding)");
  m.def(
      "max_pool2d",
      [](const Tensor& x, const RowsColumns& kernel, std::optional<RowsColumns> stride, RowsColumns padding,
         RowsColumns dilation, bool ceil_mode) -> Tensor {
        const Released others(x);
        return fovea::max_pool2d(
            x, kernel,
            MaxPool2dOptions{.stride = stride, .padding = padding, .dilation = dilation, .ceil_mode = ceil_mode});
      },
      "x"_a, "kernel"_a, "stride"_a = nb::none(), "padding"_a = 0, "dilation"_a = 1, "ceil_mode"_a = false,
      "Pooling of images.\n\ny(b, c, i, j) = max_u,v x(b, c, i stride + u dilation - padding, ..)");
  m.def(
      "avg_pool2d",
      [](const Tensor& x, const RowsColumns& kernel, std::optional<RowsColumns> stride, RowsColumns padding,
         bool ceil_mode, bool count_include_pad) -> Tensor {
        const Released others(x);
        return fovea::avg_pool2d(
            x, kernel,
            AvgPool2dOptions{
                .stride = stride, .padding = padding, .ceil_mode = ceil_mode, .count_include_pad = count_include_pad});
      },
      "x"_a, "kernel"_a, "stride"_a = nb::none(), "padding"_a = 0, "ceil_mode"_a = false, "count_include_pad"_a = true,
      "Pooling of images.\n\ny(b, c, i, j) = mean_u,v x(b, c, i stride + u - padding, ..)");
  m.def(
      "adaptive_avg_pool2d",
      [](const Tensor& x, const RowsColumns& size) -> Tensor {
        const Released others(x);
        return fovea::adaptive_avg_pool2d(x, size);
      },
      "x"_a, "size"_a,
      "Pooling of images.\n\ny(b, c, i, j) = mean of x over rows floor(i H / H') to ceil((i + 1) H / H') - 1, ..");
  m.def(
      "adaptive_max_pool2d",
      [](const Tensor& x, const RowsColumns& size) -> Tensor {
        const Released others(x);
        return fovea::adaptive_max_pool2d(x, size);
      },
      "x"_a, "size"_a,
      "Pooling of images.\n\ny(b, c, i, j) = max of x over rows floor(i H / H') to ceil((i + 1) H / H') - 1, ..");
  m.def(
      "interpolate",
      [](const Tensor& x, const RowsColumns& size, InterpolateMode mode, bool align_corners) -> Tensor {
        const Released others(x);
        return fovea::interpolate(x, size, InterpolateOptions{.mode = mode, .align_corners = align_corners});
      },
      "x"_a, "size"_a, "mode"_a = "nearest", "align_corners"_a = false,
      "Images in another size.\n\ny(b, c, i, j) = x(b, c, i H / H', j W / W'), the nearest pixel or a mixture of four");
  m.def(
      "affine_grid",
      [](const Tensor& theta, const Shape& size, bool align_corners) -> Tensor {
        const Released others(theta);
        return fovea::affine_grid(theta, size, align_corners);
      },
      "theta"_a, "size"_a, "align_corners"_a = false,
      "Sampling of images at any places.\n\ngrid(b, i, j) = theta(b) [u_j, v_i, 1]");
  m.def(
      "grid_sample",
      [](const Tensor& x, const Tensor& grid, GridMode mode, GridPadding padding, bool align_corners) -> Tensor {
        const Released others(x, grid);
        return fovea::grid_sample(x, grid,
                                  GridSampleOptions{.mode = mode, .padding = padding, .align_corners = align_corners});
      },
      "x"_a, "grid"_a, "mode"_a = "bilinear", "padding"_a = "zeros", "align_corners"_a = false,
      "Sampling of images at any places.\n\ny(b, c, i, j) = sum_n,m x(b, c, n, m) max(0, 1 - |p - n|) max(0, 1 - |q - "
      "m|)");
  m.def(
      "pixel_crops",
      [](const Tensor& x, const Tensor& corners, const RowsColumns& size) -> Tensor {
        const Released others(x, corners);
        return fovea::pixel_crops(x, corners, size);
      },
      "x"_a, "corners"_a, "size"_a,
      "Windows of whole pixels.\n\ny(b, k, c, i, j) = x(b, c, row(b, k) + i, column(b, k) + j)");
  m.def(
      "batch_norm",
      [](const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor* weight,
         const Tensor* bias, bool training, double momentum, double eps) -> Tensor {
        const Released others(x, running_mean, running_var, weight, bias);
        return fovea::batch_norm(x, running_mean, running_var, given(weight), given(bias),
                                 BatchNormOptions{.training = training, .momentum = momentum, .eps = eps});
      },
      "x"_a, "running_mean"_a, "running_var"_a, "weight"_a = nb::none(), "bias"_a = nb::none(), "training"_a = false,
      "momentum"_a = 0.1, "eps"_a = 1e-5,
      "Batch normalisation.\n\ny = (x - mean) / sqrt(var + eps) weight + bias for each channel");
  m.def(
      "embedding_bag",
      [](const Tensor& table, const Tensor& ids, const Tensor* per_sample_weights, int64_t padding_id) -> Tensor {
        const Released others(table, ids, per_sample_weights);
        return fovea::embedding_bag(table, ids, given(per_sample_weights), padding_id);
      },
      "table"_a, "ids"_a, "per_sample_weights"_a = nb::none(), "padding_id"_a = -1,
      "Embedding_bag.\n\ny(s) = sum_j per_sample_weights(s, j) table(ids(s, j))");
  m.def(
      "lstm_sequence",
      [](const Tensor& x, const Tensor* hidden, const Tensor* cell, const Tensor& ih, const Tensor& hh,
         const Tensor* bias_ih, const Tensor* bias_hh, bool reverse, const Tensor* lengths) {
        const Released others(x, hidden, cell, ih, hh, bias_ih, bias_hh, lengths);
        const auto y = fovea::lstm_sequence(
            x, given(hidden), given(cell),
            RecurrentWeights{.ih = ih, .hh = hh, .bias_ih = given(bias_ih), .bias_hh = given(bias_hh)},
            SequenceOptions{.reverse = reverse, .lengths = given(lengths)});
        return std::make_tuple(y.output, y.hidden, y.cell);
      },
      "x"_a, "hidden"_a.none(), "cell"_a.none(), "ih"_a, "hh"_a, "bias_ih"_a = nb::none(), "bias_hh"_a = nb::none(),
      "reverse"_a = false, "lengths"_a = nb::none(), "Recurrent cells.\n\nh, c = LSTM(x_t, h, c) for t in 1..T");
  m.def(
      "gru_sequence",
      [](const Tensor& x, const Tensor* hidden, const Tensor& ih, const Tensor& hh, const Tensor* bias_ih,
         const Tensor* bias_hh, bool reverse, const Tensor* lengths, bool reset_before) {
        const Released others(x, hidden, ih, hh, bias_ih, bias_hh, lengths);
        const auto y = fovea::gru_sequence(
            x, given(hidden),
            RecurrentWeights{.ih = ih, .hh = hh, .bias_ih = given(bias_ih), .bias_hh = given(bias_hh)},
            SequenceOptions{.reverse = reverse, .lengths = given(lengths)}, reset_before);
        return std::make_tuple(y.output, y.hidden);
      },
      "x"_a, "hidden"_a.none(), "ih"_a, "hh"_a, "bias_ih"_a = nb::none(), "bias_hh"_a = nb::none(), "reverse"_a = false,
      "lengths"_a = nb::none(), "reset_before"_a = false, "Recurrent cells.\n\nh = GRU(x_t, h) for t in 1..T");
  m.def(
      "rnn_sequence",
      [](const Tensor& x, const Tensor* hidden, const Tensor& ih, const Tensor& hh, const Tensor* bias_ih,
         const Tensor* bias_hh, bool reverse, const Tensor* lengths, bool relu) {
        const Released others(x, hidden, ih, hh, bias_ih, bias_hh, lengths);
        const auto y = fovea::rnn_sequence(
            x, given(hidden),
            RecurrentWeights{.ih = ih, .hh = hh, .bias_ih = given(bias_ih), .bias_hh = given(bias_hh)},
            SequenceOptions{.reverse = reverse, .lengths = given(lengths)}, relu);
        return std::make_tuple(y.output, y.hidden);
      },
      "x"_a, "hidden"_a.none(), "ih"_a, "hh"_a, "bias_ih"_a = nb::none(), "bias_hh"_a = nb::none(), "reverse"_a = false,
      "lengths"_a = nb::none(), "relu"_a = false,
      "Recurrent cells.\n\nh = tanh(x_t W_ihT + b_ih + h W_hhT + b_hh) for t in 1..T");
  m.def(
      "lstm_cell",
      [](const Tensor& gates, const Tensor* cell) {
        const Released others(gates, cell);
        const auto y = fovea::lstm_cell(gates, given(cell));
        return std::make_tuple(y.hidden, y.cell);
      },
      "gates"_a, "cell"_a.none(), "Recurrent cells.\n\nc' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c')");
  m.def(
      "gru_cell",
      [](const Tensor& input_gates, const Tensor* hidden_gates, const Tensor* hidden) -> Tensor {
        const Released others(input_gates, hidden_gates, hidden);
        return fovea::gru_cell(input_gates, given(hidden_gates), given(hidden));
      },
      "input_gates"_a, "hidden_gates"_a.none(), "hidden"_a.none(), "Recurrent cells.\n\nh' = (1 - z) n + z h");
  m.def(
      "ntm_address",
      [](const Tensor& parameters, const Tensor& memory, const Tensor& previous) -> Tensor {
        const Released others(parameters, memory, previous);
        return fovea::ntm_address(parameters, memory, previous);
      },
      "parameters"_a, "memory"_a, "previous"_a,
      "The memory operations of a Neural Turing Machine.\n\nw = sharpen(shift(interpolate(softmax(beta cos(k, M)))))");
  m.def(
      "plain_ntm_address",
      [](const Tensor& parameters, const Tensor& memory, const Tensor& previous) {
        const Released others(parameters, memory, previous);
        const auto y = fovea::plain_ntm_address(parameters, memory, previous);
        return std::make_tuple(y.content, y.interpolated, y.shifted, y.sharpened);
      },
      "parameters"_a, "memory"_a, "previous"_a, "The memory operations of a Neural Turing Machine.");
  m.def(
      "ntm_write",
      [](const Tensor& memory, const Tensor& weights, const Tensor& erase, const Tensor& add) -> Tensor {
        const Released others(memory, weights, erase, add);
        return fovea::ntm_write(memory, weights, erase, add);
      },
      "memory"_a, "weights"_a, "erase"_a, "add"_a,
      "The memory operations of a Neural Turing Machine.\n\nM' = M prod_h (1 - w_h e_h^T) + sum_h w_h a_h^T");
  m.def(
      "ntm_read",
      [](const Tensor& memory, const Tensor& weights) -> Tensor {
        const Released others(memory, weights);
        return fovea::ntm_read(memory, weights);
      },
      "memory"_a, "weights"_a, "The memory operations of a Neural Turing Machine.\n\nr_h = sum_i w_h(i) M(i)");
  m.def(
      "stack_update",
      [](const Tensor& stacks, const Tensor& pushed, const Tensor& actions) -> Tensor {
        const Released others(stacks, pushed, actions);
        return fovea::stack_update(stacks, pushed, actions);
      },
      "stacks"_a, "pushed"_a, "actions"_a,
      "The memory operation of a stack-augmented recurrent network.\n\ny[i] = a[POP] s[i+1] + a[NO-OP] s[i] + a[PUSH] "
      "s[i-1]");
}

}  // namespace fovea::python
