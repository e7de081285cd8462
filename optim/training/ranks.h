// The processes that train together, as the trainer sees them: a rank of so many, who can swap bytes with another.
//
// This class is one process alone; mpi::Session (optim/mpi/session.h) makes the ranks of mpirun, tests make some of
// threads. Each rank runs the same program on the same data with the same seeds, and computes only its share of each
// step's micro-batches (micro_batches.h): so nothing but gradients and a few numbers ever needs to be sent.
// A swap goes on while begin() has returned and done() has not said true; both ranks name the same tag, and swaps of
// one tag between two ranks meet in the order in which they were begun. Errors: ValueError for a number of ranks that
// is no power of two. Threads: used from the trainer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fovea {

class Ranks {
 public:
  Ranks() = default;
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  virtual int64_t rank() const { return 0; }
  virtual int64_t count() const { return 1; }
  bool first() const { return rank() == 0; }  // who writes files and prints

  // Begins to send `mine` to the partner and to receive what fills `theirs`; both stay in place until it is done.
  virtual int64_t begin(int64_t partner, int64_t tag, std::span<const std::byte> mine, std::span<std::byte> theirs);
  // Whether the swap is done; waits for it if asked to. True once: the number is free for another then.
  virtual bool done(int64_t swap, bool wait);
  // Ends all ranks at once with this exit code: what a rank does that cannot go on.
  [[noreturn]] virtual void end_all(int code);
};

// The process alone.
Ranks& one_rank();

// The bits that are set on any rank, on all of them.
uint64_t on_any(Ranks& ranks, uint64_t here);
// ValueError on the ranks where a number differs from a partner's; `what` names what it is a checksum of.
void require_same(Ranks& ranks, uint64_t number, std::string_view what);

// As how many ranks this program was started, and how many of them on this machine, by what mpirun tells it in its
// environment; 1 without mpirun.
int64_t launched_ranks();
int64_t launched_ranks_here();

}  // namespace fovea
