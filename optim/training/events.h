// What happens in a training run, as one stream of events: whoever shows, keeps or forwards a run listens to it.
//
//   trainer.events().subscribe("screen", [](const Event& e) {
//     if (e.kind == Event::Kind::step) std::printf("%d: %f\n", int(e.step), e.figures[0]);
//   });
//
//   start        before the first step, or the first after a resume
//   step         an update was made
//   validation   figures are the score alone
//   sample       text to be looked at, such as what a model generates
//   picture      text is the file
//   saving       the state is about to be written: what else belongs to it has to reach the disk now
//   saved        text is the file
//   end          text says why; also where an error ends the run
//
// In this order: start; step by step step, validation and what it brings, saving, saved; end. Pictures and samples of
// what was learned may come after it. A listener that throws never stops the run: its first failure is reported on
// stderr, and it is told of later events all the same. Views in an event live as long as the call. Threads: used from
// the one that trains.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

struct Event {
  enum class Kind { start, step, validation, sample, picture, saving, saved, end };
  Kind kind = Kind::step;
  int64_t step = 0, steps = 0;           // made so far, and asked for
  double seconds = 0;                    // of training, over all sittings
  std::span<const std::string> names{};  // of the figures of a step: "loss", then the program's own
  std::span<const double> figures{};     // step: of its batch; validation: the score
  std::span<const double> means{};       // every log_every steps: of the figures since the last time
  int64_t batch = 0;                     // step: rows it learned from
  bool best = false;                     // validation: no score was lower
  bool may_end_early = false;            // before all steps are made: good validations may end the run
  bool ended_early = false;              // end: that is what happened
  std::string_view text{};
};

// "start", "step", ...
std::string_view kind_name(Event::Kind kind);

class Events {
 public:
  using Listener = std::function<void(const Event&)>;
  // `name` stands in the report of a failure.
  void subscribe(std::string name, Listener listener);
  void emit(const Event& event);

 private:
  struct Subscription {
    std::string name;
    Listener listener;
    bool reported = false;
  };
  std::vector<Subscription> subscriptions_;
};

}  // namespace fovea
