#include <fovea/layers/vision/hart.h>

#include <cmath>

namespace fovea {
namespace {

const HartOptions& checked(const HartOptions& o) {
  check_sizes("Hart", {{"channels", o.channels}, {"crop", o.crop}, {"features", o.features}});
  check_sizes("Hart", {{"dynamic_filters", o.dynamic_filters}, {"hidden_size", o.hidden_size}});
  if (o.crop % 2 != 0) throw ValueError("Hart: crop " + std::to_string(o.crop) + " is odd; need an even one");
  checked_positive("Hart", "context", o.context);
  if (!(std::abs(o.first_gain) < 1))
    throw ValueError("Hart: first_gain " + std::to_string(o.first_gain) + " is outside (-1, 1)");
  return o;
}
int64_t cells(const HartOptions& o) { return o.crop * o.crop / 4; }  // of a mask, m²

}  // namespace

Hart::Hart(const HartOptions& o, Generator& generator)
    : shared({.in_channels = checked(o).channels, .out_channels = o.features, .kernel = 3, .padding = 1}, generator),
      ventral({.in_channels = o.features, .out_channels = o.features, .kernel = 3, .padding = 1}, generator),
      filters(o.hidden_size, o.dynamic_filters * o.features * 9, true, generator),
      readout({.in_channels = o.dynamic_filters, .out_channels = 1, .kernel = 1}, generator),
      what(o.features * cells(o), o.hidden_size, true, generator),
      core({.input_size = o.hidden_size, .hidden_size = o.hidden_size}, generator),
      inner(o.hidden_size + cells(o), o.hidden_size, true, generator),
      outer(o.hidden_size, 8, true, generator),
      gain(full({8}, std::atanh(o.first_gain))),
      options_(o) {}

void Hart::members(Members& m) {
  m("shared", shared)("ventral", ventral)("filters", filters)("readout", readout)("what", what)("core", core);
  m("inner", inner)("outer", outer)("gain", gain);
}

void Hart::check(const Tensor& frame, const Tensor& box) const {
  if (!frame.defined() || frame.dim() != 4 || frame.size(1) != options_.channels || !box.defined() ||
      box.shape() != Shape{frame.size(0), 4})
    throw ShapeError(place(*this, "Hart") + ": the frame is " + describe(frame) + ", the box or window " +
                     describe(box) + "; need [B, " + std::to_string(options_.channels) + ", H, W] and [B, 4]");
}

}  // namespace fovea
