// What a safetensors file's header and size tell before the rest is read.
#pragma once

#include <string_view>

namespace fovea::detail {

// FileError unless the header is sound and the file exactly as long as it says.
void check_safetensors_header(std::string_view path);

}  // namespace fovea::detail
