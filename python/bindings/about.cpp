// Docstrings: what the header of a layer begins with.
#include <cstring>

#include "module.h"

namespace fovea::python {

const char* about(const char* header) {
  static constexpr struct {
    const char *path, *text;
  } table[] = {
#include "about.inc"
  };
  for (const auto& each : table)
    if (std::strcmp(each.path, header) == 0) return each.text;
  return header;
}

}  // namespace fovea::python
