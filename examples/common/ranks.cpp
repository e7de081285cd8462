#include "examples/common/ranks.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "examples/common/config_text.h"
#ifdef FOVEA_HAVE_MPI
#include <fovea/optim/mpi/session.h>
#endif

namespace fovea::examples {
namespace {

bool ranks_started = false;

#ifdef FOVEA_HAVE_MPI
Ranks& started() {
  static int argc = 0;
  static char** argv = nullptr;
  static mpi::Session session(argc, argv);
  ranks_started = true;
  if (session.count() != launched_ranks())
    throw UsageError(fmt::format("mpirun started {} ranks, but this program's MPI knows of {}: they are of two MPIs",
                                 launched_ranks(), session.count()));
  if (!session.first() && std::freopen("/dev/null", "w", stdout) == nullptr)
    throw UsageError("a rank cannot open /dev/null");
  return session;
}
#else
Ranks& started() {
  throw UsageError(fmt::format(
      "mpirun started {} ranks, but this program was built without MPI: each would train alone, and all "
      "write one folder. Build it where MPI is (./dev setup --all in its sources), or run it without mpirun",
      launched_ranks()));
}
#endif

}  // namespace

Ranks& program_ranks() {
  static Ranks& ranks = launched_ranks() > 1 ? started() : one_rank();
  return ranks;
}

int failed(const std::string& why, int code) {
  if (!ranks_started || program_ranks().first()) fmt::print(stderr, "{}\n", why);
  if (!ranks_started) return code;
  Ranks& ranks = program_ranks();
  if (!ranks.first()) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    fmt::print(stderr, "{}\n", why);
  }
  ranks.end_all(code);
  return code;
}

}  // namespace fovea::examples
