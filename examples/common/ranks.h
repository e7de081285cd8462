// The ranks of the mpirun that started this program; the process alone where none did. The first alone prints to
// stdout. Errors: UsageError where there are several and this build has no MPI: each would train the whole.
#pragma once

#include <fovea/optim/training/ranks.h>

#include <string>

namespace fovea::examples {

Ranks& program_ranks();

// How a program that failed ends: it tells why, and returns the code or ends all ranks with it. The first rank does so
// at once, another after a second: of an error that all have only the first tells.
int failed(const std::string& why, int code);

}  // namespace fovea::examples
