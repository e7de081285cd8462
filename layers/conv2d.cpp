#include <fmt/format.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/init.h>

#include <algorithm>

namespace fovea {

Conv2d::Conv2d(const Conv2dOptions& options, Generator& generator) : options_{options.stride, options.padding} {
  const auto [in, out, kernel, stride, padding, biased] = options;
  if (std::min({in, out, kernel.rows, kernel.columns, stride.rows, stride.columns}) < 1 ||
      std::min(padding.rows, padding.columns) < 0)
    throw ValueError(
        fmt::format("Conv2d: in_channels {}, out_channels {}, kernel ({}, {}), stride ({}, {}), padding ({}, {}); need "
                    "at least 1, and a padding of at least 0",
                    in, out, kernel.rows, kernel.columns, stride.rows, stride.columns, padding.rows, padding.columns));
  const Shape shape{out, in, kernel.rows, kernel.columns};
  const int64_t fan = checked_numel("Conv2d", shape) / out;
  weight = Parameter(init::uniform_fan(shape, fan, generator));
  if (biased) bias = Parameter(init::uniform_fan({out}, fan, generator));
}

}  // namespace fovea
