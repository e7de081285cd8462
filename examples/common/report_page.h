// The page of report.h with its style, scripts and d3 in it; the place for the data is <!--data-->. Made by the build.
#pragma once

#include <string_view>

namespace fovea::examples {

std::string_view report_page();

}  // namespace fovea::examples
