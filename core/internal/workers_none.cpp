// In place of workers.cpp where the build has no threads (FOVEA_THREADS=OFF): every loop runs on its caller.
#include <fovea/core/internal/workers.h>

namespace fovea {

int usable_cores() { return 1; }

bool Workers::inside() { return false; }
bool Workers::run(const Loop&, int) { return false; }

}  // namespace fovea
