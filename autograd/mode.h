// Switches of the calling thread, each a guard that restores what was there before.
#pragma once

namespace fovea {

namespace detail {
struct Modes {
  bool grad = true;        // ops are recorded
  bool reference = false;  // fused ops run their plain formulas
  bool anomaly = false;    // every op checks for NaN and inf
};
extern thread_local constinit Modes modes;

template <bool Modes::*member, bool value>
class ModeGuard {
 public:
  ModeGuard() : before_(modes.*member) { modes.*member = value; }
  ~ModeGuard() { modes.*member = before_; }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  bool before_;
};
}  // namespace detail

// Nothing is recorded while it lives.
using NoGrad = detail::ModeGuard<&detail::Modes::grad, false>;
using EnableGrad = detail::ModeGuard<&detail::Modes::grad, true>;
// The whole library runs on the readable formulas that stand beside the fused kernels.
using ReferenceMode = detail::ModeGuard<&detail::Modes::reference, true>;
// The first op that makes a NaN or inf, forward or backward, throws AutogradError and is named.
using AnomalyMode = detail::ModeGuard<&detail::Modes::anomaly, true>;

inline bool grad_enabled() { return detail::modes.grad; }
// Fused ops ask this: true in ReferenceMode.
inline bool reference_mode() { return detail::modes.reference; }

}  // namespace fovea
