// The page of a run while it goes on: a server on this machine alone, unless another address is asked for, which gives
// the page of report.h and, as server-sent events, the rows of metrics.csv, the recorded steps and the state of the
// training. The page can pause the training, let it continue and stop it; a stopped run is tested and drawn as one that
// ended early. A token in the address keeps others out: without it every answer is 403.
//
//   metrics   {"run": 0, "row": [step, loss, ...]}
//   frame     what newest_frame (report.h) gives
//   state     {"state": "training" | "paused" | "ended", "step": 120, "steps": 2000}
//
// The training thread writes, those of the server read under a lock; a page that is slow or gone holds nobody up.
// Errors: FileError for an address that cannot be bound.
#pragma once

#include <fovea/optim/training/trainer.h>

#include <filesystem>
#include <memory>
#include <string>

namespace fovea::examples {

class LivePage {
 public:
  LivePage(Trainer& trainer, const std::filesystem::path& folder, const std::string& host = "127.0.0.1",
           int port = 0);  // 0: one that is free
  ~LivePage();             // tells the pages that it has ended
  LivePage(const LivePage&) = delete;
  LivePage& operator=(const LivePage&) = delete;
  const std::string& address() const;  // with the token

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace fovea::examples
