// Layers of one tensor: linear, embedding, dropout, norms, convolutions, pooling.
#include <fovea/layers/batch_norm.h>
#include <fovea/layers/conditional_batch_norm.h>
#include <fovea/layers/conv1d.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/dropout.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/norm.h>
#include <fovea/layers/pool.h>
#include <fovea/layers/spectral_norm.h>

#include "module.h"

namespace fovea::python {
namespace {

// __call__ of a layer that takes one tensor.
template <class M, class Base>
void takes_x(nb::class_<M, Base>& c) {
  callable(
      c,
      [](const M& self, const Tensor& x) -> Tensor {
        const Released others(x);
        return self(x);
      },
      "x"_a);
}

void bind_dense(nb::module_& m) {
  auto linear = layer<Linear>(m, "Linear", about("layers/linear.h"));
  linear.def(
      "__init__",
      [](Linear* self, int64_t in, int64_t out, bool bias, Generator* g) {
        new (self) Linear(in, out, bias, drawn_from(g));
      },
      "in_features"_a, "out_features"_a, "bias"_a = true, "generator"_a = none());
  takes_x(linear);

  auto embedding = layer<Embedding>(m, "Embedding", about("layers/embedding.h"));
  embedding.def(
      "__init__",
      [](Embedding* self, int64_t count, int64_t size, int64_t padding_id, Generator* g) {
        new (self) Embedding(count, size, padding_id, drawn_from(g));
      },
      "count"_a, "size"_a, "padding_id"_a = -1, "generator"_a = none());
  callable(
      embedding, [](const Embedding& self, const Tensor& ids) { return self(ids); }, "ids"_a);

  auto dropout = layer<Dropout>(m, "Dropout", about("layers/dropout.h"));
  dropout.def(nb::init<double>(), "probability"_a = 0.5);
  callable(
      dropout, [](const Dropout& self, const Tensor& x, Generator* g) { return self(x, drawn_from(g)); }, "x"_a,
      "generator"_a = none());
}

void bind_norms(nb::module_& m) {
  auto layer_norm = layer<LayerNorm>(m, "LayerNorm", about("layers/norm.h"));
  layer_norm.def(nb::init<int64_t, double>(), "size"_a, "eps"_a = 1e-5);
  takes_x(layer_norm);
  auto group_norm = layer<GroupNorm>(m, "GroupNorm", about("layers/norm.h"));
  group_norm.def(nb::init<int64_t, int64_t, double>(), "num_groups"_a, "num_channels"_a, "eps"_a = 1e-5);
  takes_x(group_norm);
  auto rms_norm = layer<RMSNorm>(m, "RMSNorm", about("layers/norm.h"));
  rms_norm.def(nb::init<int64_t, std::optional<double>>(), "size"_a, "eps"_a = none());
  takes_x(rms_norm);

  const auto batch = [&]<class M>(const char* name, std::type_identity<M>) {
    auto c = layer<M>(m, name, about("layers/batch_norm.h"));
    c.def(
        "__init__",
        [](M* self, int64_t channels, double eps, std::optional<double> momentum, bool affine, bool track) {
          new (self) M({channels, eps, momentum, affine, track});
        },
        "channels"_a, "eps"_a = 1e-5, nb::arg("momentum").none() = 0.1, "affine"_a = true,
        "track_running_stats"_a = true);
    takes_x(c);
  };
  batch("BatchNorm1d", std::type_identity<BatchNorm1d>());
  batch("BatchNorm2d", std::type_identity<BatchNorm2d>());
  auto conditional =
      layer<ConditionalBatchNorm2d>(m, "ConditionalBatchNorm2d", about("layers/conditional_batch_norm.h"));
  conditional.def(nb::init<int64_t, int64_t>(), "channels"_a, "classes"_a);
  callable(
      conditional, [](const ConditionalBatchNorm2d& self, const Tensor& x, const Tensor& y) { return self(x, y); },
      "x"_a, "label"_a);
}

void bind_convolutions(nb::module_& m) {
  auto conv1d = layer<Conv1d>(m, "Conv1d", about("layers/conv1d.h"));
  conv1d.def(
      "__init__",
      [](Conv1d* self, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
         int64_t groups, bool causal, bool bias, Generator* g) {
        new (self) Conv1d({in, out, kernel, stride, padding, dilation, groups, causal, bias}, drawn_from(g));
      },
      "in_channels"_a, "out_channels"_a, "kernel"_a, "stride"_a = 1, "padding"_a = 0, "dilation"_a = 1, "groups"_a = 1,
      "causal"_a = false, "bias"_a = true, "generator"_a = none());
  takes_x(conv1d);

  auto conv2d = layer<Conv2d>(m, "Conv2d", about("layers/conv2d.h"));
  conv2d.def(
      "__init__",
      [](Conv2d* self, int64_t in, int64_t out, RowsColumns kernel, RowsColumns stride, RowsColumns padding,
         RowsColumns dilation, int64_t groups, bool bias, Generator* g) {
        new (self) Conv2d({in, out, kernel, stride, padding, dilation, groups, bias}, drawn_from(g));
      },
      "in_channels"_a, "out_channels"_a, "kernel"_a, "stride"_a = 1, "padding"_a = 0, "dilation"_a = 1, "groups"_a = 1,
      "bias"_a = true, "generator"_a = none());
  takes_x(conv2d);

  auto transposed = layer<ConvTranspose2d>(m, "ConvTranspose2d", about("layers/conv2d.h"));
  transposed.def(
      "__init__",
      [](ConvTranspose2d* self, int64_t in, int64_t out, RowsColumns kernel, RowsColumns stride, RowsColumns padding,
         RowsColumns more, RowsColumns dilation, int64_t groups, bool bias, Generator* g) {
        new (self) ConvTranspose2d({in, out, kernel, stride, padding, more, dilation, groups, bias}, drawn_from(g));
      },
      "in_channels"_a, "out_channels"_a, "kernel"_a, "stride"_a = 1, "padding"_a = 0, "output_padding"_a = 0,
      "dilation"_a = 1, "groups"_a = 1, "bias"_a = true, "generator"_a = none());
  takes_x(transposed);
}

void bind_pools(nb::module_& m) {
  const char* text = about("layers/pool.h");
  auto max_pool = layer<MaxPool2d>(m, "MaxPool2d", text);
  max_pool.def(
      "__init__",
      [](MaxPool2d* self, RowsColumns kernel, std::optional<RowsColumns> stride, RowsColumns padding,
         RowsColumns dilation, bool ceil_mode) {
        new (self) MaxPool2d(kernel, {stride, padding, dilation, ceil_mode});
      },
      "kernel"_a, "stride"_a = none(), "padding"_a = 0, "dilation"_a = 1, "ceil_mode"_a = false);
  takes_x(max_pool);
  auto avg_pool = layer<AvgPool2d>(m, "AvgPool2d", text);
  avg_pool.def(
      "__init__",
      [](AvgPool2d* self, RowsColumns kernel, std::optional<RowsColumns> stride, RowsColumns padding, bool ceil_mode,
         bool count) {
        new (self) AvgPool2d(kernel, {stride, padding, ceil_mode, count});
      },
      "kernel"_a, "stride"_a = none(), "padding"_a = 0, "ceil_mode"_a = false, "count_include_pad"_a = true);
  takes_x(avg_pool);
  auto adaptive_max = layer<AdaptiveMaxPool2d>(m, "AdaptiveMaxPool2d", text);
  adaptive_max.def(nb::init<RowsColumns>(), "size"_a);
  takes_x(adaptive_max);
  auto adaptive_avg = layer<AdaptiveAvgPool2d>(m, "AdaptiveAvgPool2d", text);
  adaptive_avg.def(nb::init<RowsColumns>(), "size"_a);
  takes_x(adaptive_avg);
  auto upsample = layer<Upsample>(m, "Upsample", text);
  upsample.def(
      "__init__",
      [](Upsample* self, RowsColumns scale, InterpolateMode mode, bool align) {
        new (self) Upsample(scale, {mode, align});
      },
      "scale"_a, "mode"_a = InterpolateMode::nearest, "align_corners"_a = false);
  takes_x(upsample);
}

// SpectralNorm takes over a copy of the layer that it wraps.
template <class Layer>
void bind_spectral(nb::module_& m, const char* name) {
  auto c = layer<SpectralNorm<Layer>>(m, name, about("layers/spectral_norm.h"));
  c.def(
      "__init__",
      [](SpectralNorm<Layer>* self, const Layer& wrapped, int64_t power_iterations, Generator* g) {
        new (self) SpectralNorm<Layer>(clone(wrapped), drawn_from(g), power_iterations);
      },
      "layer"_a, "power_iterations"_a = 1, "generator"_a = none());
  c.def(
      "normalized_weight", [](const SpectralNorm<Layer>& self) { return self.weight(); }, "The weight over its σ.");
  callable(
      c, [](const SpectralNorm<Layer>& self, const Tensor& x) { return self(x); }, "x"_a);
}

}  // namespace

void bind_layers(nb::module_& m) {
  bind_dense(m);
  bind_norms(m);
  bind_convolutions(m);
  bind_pools(m);
  bind_spectral<Linear>(m, "SpectralNormLinear");
  bind_spectral<Conv2d>(m, "SpectralNormConv2d");
  bind_spectral<ConvTranspose2d>(m, "SpectralNormConvTranspose2d");
  bind_spectral<Embedding>(m, "SpectralNormEmbedding");
}

}  // namespace fovea::python
