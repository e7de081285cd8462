// A trained run on what somebody typed: the answer, the weights in the terminal, as SVG and NumPy files and as the page
// of report.h, all in a new folder look-1, look-2, ... of the run. What --scale-scores, --heads-off, --mask-keys and
// --force-key ask for is changed in a second pass, in look-N/changed, whose answer and page stand beside the first.
// No SVG of weights of more than 65,536 cells.
// Errors: UsageError for a head or key that no attention has, keys that leave none, a name that none has.
#pragma once

#include "examples/common/command_line.h"
#include "examples/common/record.h"

namespace fovea::examples {

std::filesystem::path look_folder(const std::filesystem::path& run);
void look_at(const CommandLine& line, Module& model, const std::filesystem::path& folder,
             const Recorder::Record& sample);

}  // namespace fovea::examples
