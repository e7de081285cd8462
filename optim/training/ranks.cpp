#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/ranks.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>

namespace fovea {
namespace {

constexpr int64_t kNumbers = 0;  // the tag of single numbers; gradients have those from 1 on

uint64_t swapped(Ranks& ranks, int64_t partner, uint64_t mine) {
  uint64_t theirs = 0;
  const int64_t swap =
      ranks.begin(partner, kNumbers, std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(&theirs, 1)));
  ranks.done(swap, true);
  return theirs;
}

// The first of the variables that is a number above 0.
std::optional<int64_t> told(std::initializer_list<const char*> variables) {
  for (const char* name : variables) {
    const char* text = std::getenv(name);
    int64_t count = 0;
    if (text != nullptr && std::from_chars(text, text + std::strlen(text), count).ec == std::errc() && count > 0)
      return count;
  }
  return {};
}

}  // namespace

int64_t Ranks::begin(int64_t partner, int64_t, std::span<const std::byte>, std::span<std::byte>) {
  throw ValueError(fmt::format("ranks: there is no rank {} beside the only one", partner));
}
bool Ranks::done(int64_t, bool) { return true; }
void Ranks::end_all(int code) { std::_Exit(code); }

Ranks& one_rank() {
  static Ranks alone;
  return alone;
}

uint64_t on_any(Ranks& ranks, uint64_t here) {
  uint64_t found = here;
  for (int64_t distance = 1; distance < ranks.count(); distance *= 2)
    found |= swapped(ranks, ranks.rank() ^ distance, found);
  return found;
}

void require_same(Ranks& ranks, uint64_t number, std::string_view what) {
  for (int64_t distance = 1; distance < ranks.count(); distance *= 2) {
    const int64_t partner = ranks.rank() ^ distance;
    if (swapped(ranks, partner, number) == number) continue;
    throw ValueError(
        fmt::format("rank {} has other {} than rank {}: all ranks need the same program, options, seeds "
                    "and data, on processors of one kind",
                    ranks.rank(), what, partner));
  }
}

int64_t launched_ranks() { return told({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"}).value_or(1); }

int64_t launched_ranks_here() {
  return told({"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE"})
      .value_or(launched_ranks());
}

}  // namespace fovea
