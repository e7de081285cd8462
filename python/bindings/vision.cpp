// Where to look in images: glimpses, windows, DRAW, HART, masks, transformations, captions.
#include <fovea/autograd/score_function.h>
#include <fovea/layers/vision/boxes.h>
#include <fovea/layers/vision/caption.h>
#include <fovea/layers/vision/caption_loss.h>
#include <fovea/layers/vision/draw.h>
#include <fovea/layers/vision/feature_grid.h>
#include <fovea/layers/vision/gaussian_attention.h>
#include <fovea/layers/vision/hart.h>
#include <fovea/layers/vision/mask.h>
#include <fovea/layers/vision/ram.h>
#include <fovea/layers/vision/sagan.h>
#include <fovea/layers/vision/transformation.h>

#include "module.h"

namespace fovea::python {
template <>
struct Names<MaskKind> {
  static constexpr std::array<std::string_view, 3> list{"soft", "selective", "hard"};
};
}  // namespace fovea::python

namespace nanobind::detail {
template <>
struct type_caster<fovea::MaskKind> : named_caster<fovea::MaskKind> {};
}  // namespace nanobind::detail

namespace fovea::python {
namespace {

void bind_glimpses(nb::module_& m) {
  m.def("glimpse", &glimpse, "x"_a, "l"_a, "size"_a, "scales"_a, about("layers/vision/glimpse.h"));
  auto network = layer<GlimpseNetwork>(m, "GlimpseNetwork", about("layers/vision/glimpse.h"));
  network.def(
      "__init__",
      [](GlimpseNetwork* self, int64_t size, int64_t scales, int64_t channels, int64_t hidden, int64_t output,
         Generator* g) {
        new (self) GlimpseNetwork({size, scales, channels, hidden, output}, drawn_from(g));
      },
      "size"_a = 8, "scales"_a = 1, "channels"_a = 1, "hidden_size"_a = 128, "output_size"_a = 256,
      "generator"_a = none());
  callable(
      network, [](const GlimpseNetwork& self, const Tensor& x, const Tensor& l) { return self(x, l); }, "x"_a, "l"_a);
  nb::class_<RamOutput>(m, "RamOutput", "What a recurrent attention model gives.")
      .def_prop_ro(
          "logits", [](const RamOutput& y) { return known(y.logits); }, "[B, classes].")
      .def_prop_ro(
          "locations", [](const RamOutput& y) { return known(y.locations); }, "[B, T, 2].")
      .def_prop_ro(
          "log_probability", [](const RamOutput& y) { return known(y.log_probability); }, "[B, T - 1].")
      .def_prop_ro(
          "baseline", [](const RamOutput& y) { return known(y.baseline); }, "[B, T - 1].");
  auto ram = layer<RecurrentAttentionModel>(m, "RecurrentAttentionModel", about("layers/vision/ram.h"));
  ram.def(
      "__init__",
      [](RecurrentAttentionModel* self, int64_t size, int64_t scales, int64_t channels, int64_t glimpse_hidden,
         int64_t glimpse_output, std::string core, int64_t hidden_size, int64_t classes, int64_t glimpses,
         double deviation, bool random, bool trains, Generator* g) {
        new (self) RecurrentAttentionModel({{size, scales, channels, glimpse_hidden, glimpse_output},
                                            core,
                                            hidden_size,
                                            classes,
                                            glimpses,
                                            deviation,
                                            random,
                                            trains},
                                           drawn_from(g));
      },
      "size"_a = 8, "scales"_a = 1, "channels"_a = 1, "glimpse_hidden"_a = 128, "glimpse_output"_a = 256,
      "core"_a = "rnn", "hidden_size"_a = 256, "classes"_a = 10, "glimpses"_a = 6, "deviation"_a = 0.15,
      "random_locations"_a = false, "choice_trains_core"_a = true, "generator"_a = none());
  callable(
      ram, [](const RecurrentAttentionModel& self, const Tensor& x, Generator* g) { return self(x, drawn_from(g)); },
      "x"_a, "generator"_a = none());
  m.def("ram_loss", &ram_loss, "output"_a, "classes"_a, "weight"_a = 1, "Cross-entropy and REINFORCE.");
}

void bind_windows(nb::module_& m) {
  nb::class_<Gaussians>(m, "Gaussians", "Where the filters of a bank stand: first, distance, deviation.")
      .def(
          "__init__",
          [](Gaussians* self, const Tensor& first, const Tensor& distance, const Tensor& deviation) {
            new (self) Gaussians{first, distance, deviation};
          },
          "first"_a, "distance"_a, "deviation"_a)
      .def_ro("first", &Gaussians::first)
      .def_ro("distance", &Gaussians::distance)
      .def_ro("deviation", &Gaussians::deviation);
  auto two = layer<GaussianAttention>(m, "GaussianAttention", about("layers/vision/gaussian_attention.h"));
  two.def(nb::init<int64_t, int64_t>(), "height"_a, "width"_a);
  callable(
      two,
      [](const GaussianAttention& self, const Gaussians& y, const Gaussians& x, const Tensor& image) {
        return self(y, x, image);
      },
      "y"_a, "x"_a, "image"_a);
  auto one = layer<GaussianAttention1d>(m, "GaussianAttention1d", about("layers/vision/gaussian_attention.h"));
  one.def(nb::init<int64_t>(), "count"_a);
  callable(
      one,
      [](const GaussianAttention1d& self, const Gaussians& g, const Tensor& sequence) { return self(g, sequence); },
      "gaussians"_a, "sequence"_a);
  m.def("iou", &iou, "a"_a, "b"_a, about("layers/vision/boxes.h"));
  m.def("iou_loss", &iou_loss, "a"_a, "b"_a, "-log of the overlap, its mean.");
  m.def("window_loss", &window_loss, "window"_a, "box"_a, "height"_a, "width"_a,
        "Of a window that does not cover the box, or is as large as the image; its mean.");
  m.def("box_mask", &box_mask, "window"_a, "box"_a, "rows"_a, "columns"_a,
        "[.., R, C]: the share of each of a window's cells that the box covers.");
}

void bind_draw(nb::module_& m) {
  state_class<Draw::State>(m, "DrawState", "Canvas, losses and states of DRAW.");
  auto draw = layer<Draw>(m, "Draw", about("layers/vision/draw.h"));
  draw.def(
      "__init__",
      [](Draw* self, int64_t height, int64_t width, int64_t glimpses, bool attention, int64_t read, int64_t write,
         int64_t hidden, int64_t latent, std::string cell, Generator* g) {
        new (self) Draw({height, width, glimpses, attention, read, write, hidden, latent, cell}, drawn_from(g));
      },
      "height"_a = 28, "width"_a = 28, "glimpses"_a = 64, "attention"_a = true, "read_size"_a = 2, "write_size"_a = 5,
      "hidden_size"_a = 256, "latent_size"_a = 100, "cell"_a = "lstm", "generator"_a = none());
  callable(
      draw, [](const Draw& self, const Tensor& x, Generator* g) { return self(x, drawn_from(g)); }, "x"_a,
      "generator"_a = none(), "The last state.");
  draw.def(
      "loss",
      [](const Draw& self, const Tensor& x, Generator* g) {
        const DrawLoss y = self.loss(x, drawn_from(g));
        return tuple_of(y.reconstruction, y.latent);
      },
      "x"_a, "generator"_a = none(), "(reconstruction, latent).");
  draw.def(
      "generate", [](const Draw& self, int64_t batch, Generator* g) { return self.generate(batch, drawn_from(g)); },
      "batch"_a, "generator"_a = none(), "Images from the prior.");
  state_class<Hart::State>(m, "HartState", "Window, box and core of the tracker.");
  auto hart = layer<Hart>(m, "Hart", about("layers/vision/hart.h"));
  hart.def(
      "__init__",
      [](Hart* self, int64_t channels, int64_t crop, int64_t features, int64_t filters, int64_t hidden, double context,
         double gain, Generator* g) {
        new (self) Hart({channels, crop, features, filters, hidden, context, gain}, drawn_from(g));
      },
      "channels"_a = 1, "crop"_a = 24, "features"_a = 16, "dynamic_filters"_a = 4, "hidden_size"_a = 64,
      "context"_a = 2, "first_gain"_a = 0.1, "generator"_a = none());
  hart.def("initial_state", &Hart::initial_state, "frame"_a, "box"_a);
  hart.def(
      "step",
      [](const Hart& self, const Tensor& frame, const Hart::State& s) {
        auto y = self.step(frame, s);
        return nb::make_tuple(y.output, nb::cast(std::move(y.state)));
      },
      "frame"_a, "state"_a, "(box, state) of one frame.");
}

void bind_masks_and_grids(nb::module_& m) {
  auto mask = layer<LearnedMask>(m, "LearnedMask", about("layers/vision/mask.h"));
  mask.def(
      "__init__",
      [](LearnedMask* self, int64_t in, int64_t features, MaskKind kind, Generator* g) {
        new (self) LearnedMask(in, features, kind, drawn_from(g));
      },
      "in_features"_a, "features"_a, "kind"_a = MaskKind::soft, "generator"_a = none());
  callable(
      mask,
      [](const LearnedMask& self, const Tensor& x, const Tensor& z, Generator* g) {
        const Masked y = self(x, z, drawn_from(g));
        return tuple_of(y.output, y.mask, y.log_probability, y.entropy);
      },
      "x"_a, "z"_a, "generator"_a = none(), "(output, mask, log_probability, entropy).");
  auto grid = layer<FeatureGrid>(m, "FeatureGrid", about("layers/vision/feature_grid.h"));
  grid.def(
      "__init__",
      [](FeatureGrid* self, int64_t in, std::vector<int64_t> channels, int64_t kernel, Generator* g) {
        new (self) FeatureGrid({in, std::move(channels), kernel}, drawn_from(g));
      },
      "in_channels"_a = 3, "channels"_a = std::vector<int64_t>{32, 32, 64}, "kernel"_a = 3, "generator"_a = none());
  grid.def_prop_ro("features", &FeatureGrid::features);
  callable(
      grid, [](const FeatureGrid& self, const Tensor& image) { return self(image); }, "image"_a);
  nb::class_<Transformation, Module> base(m, "Transformation", about("layers/vision/transformation.h"));
  base.def_prop_ro("size", &Transformation::size, "How many numbers it has.");
  base.def("identity", &Transformation::identity, "The numbers that change nothing.");
  callable(
      base, [](const Transformation& self, const Tensor& theta) { return self.grid(theta); }, "theta"_a,
      "[B, size] -> grid [B, H', W', 2], for grid_sample.");
  const auto shaped = [&]<class T>(const char* name, std::type_identity<T>) {
    layer<T, Transformation>(m, name, about("layers/vision/transformation.h"))
        .def(
            "__init__",
            [](T* self, RowsColumns size, bool align) {
              new (self) T({size, align});
            },
            "size"_a, "align_corners"_a = false);
  };
  shaped("Affine", std::type_identity<Affine>());
  shaped("AttentionWindow", std::type_identity<AttentionWindow>());
  layer<ThinPlateSpline, Transformation>(m, "ThinPlateSpline", about("layers/vision/transformation.h"))
      .def(
          "__init__",
          [](ThinPlateSpline* self, RowsColumns size, int64_t side, bool align) {
            new (self) ThinPlateSpline({size, align}, side);
          },
          "size"_a, "side"_a = 4, "align_corners"_a = false);
}

void bind_captions(nb::module_& m) {
  m.def(
      "caption_loss",
      [](const SequenceOutput& output, const Tensor& target, MovingBaseline& baseline, double doubly,
         double score_weight, double entropy, double discount, double sharpen) {
        return caption_loss(output, target, {doubly, score_weight, entropy, discount, sharpen}, baseline);
      },
      "output"_a, "target"_a, "baseline"_a, "doubly"_a = 0, "score_weight"_a = 1, "entropy"_a = 0, "discount"_a = 0,
      "sharpen"_a = 0, about("layers/vision/caption_loss.h"));
  auto c = layer<Captioner>(m, "Captioner", about("layers/vision/caption.h"));
  c.def(
      "__init__",
      [](Captioner* self, int64_t vocabulary, int64_t features, int64_t embed_dim, int64_t hidden_size,
         std::string score, std::string align, int64_t width, double dropout, Generator* g) {
        CaptionerOptions o{.vocabulary = vocabulary, .features = features};
        o.embed_dim = embed_dim, o.hidden_size = hidden_size, o.score = score, o.align = align;
        o.width = width, o.dropout = dropout;
        new (self) Captioner(o, drawn_from(g));
      },
      "vocabulary"_a, "features"_a, "embed_dim"_a = 64, "hidden_size"_a = 128, "score"_a = "additive",
      "align"_a = "soft", "width"_a = 0, "dropout"_a = 0, "generator"_a = none());
  callable(
      c, [](const Captioner& self, const Tensor& a, const Tensor& ids) { return self(a, ids); }, "annotations"_a,
      "input_ids"_a, "annotations [B, L, Da], ids i64 [B, U] -> logits [B, U, V].");
  auto head = layer<ProjectionHead>(m, "ProjectionHead", about("layers/vision/sagan.h"));
  head.def(
      "__init__",
      [](ProjectionHead* self, int64_t channels, int64_t classes, Generator* g) {
        new (self) ProjectionHead(channels, classes, drawn_from(g));
      },
      "channels"_a, "classes"_a, "generator"_a = none());
  callable(
      head, [](const ProjectionHead& self, const Tensor& phi, const Tensor& label) { return self(phi, label); },
      "phi"_a, "label"_a);
  m.def("hinge_discriminator_loss", &hinge_discriminator_loss, "real"_a, "generated"_a, about("layers/vision/sagan.h"));
  m.def("hinge_generator_loss", &hinge_generator_loss, "generated"_a, about("layers/vision/sagan.h"));
}

}  // namespace

void bind_vision(nb::module_& m) {
  bind_glimpses(m);
  bind_windows(m);
  bind_draw(m);
  bind_masks_and_grids(m);
  bind_captions(m);
}

}  // namespace fovea::python
