// The ranks of the mpirun that started this program; the process alone where none did. The first alone prints to
// stdout. Errors: UsageError where there are several and this build has no MPI: each would train the whole.
#pragma once

#include <fovea/optim/training/ranks.h>

namespace fovea::examples {

Ranks& program_ranks();

// How a program that failed ends: alone with this code, or with all ranks. The first ends them at once, another after a
// second: so of an error that all have only the first tells.
int end_of_ranks(int code);

}  // namespace fovea::examples
