#include <fovea/optim/training/events.h>

#include <array>
#include <cstdio>
#include <exception>

namespace fovea {

std::string_view kind_name(Event::Kind kind) {
  constexpr std::array<std::string_view, 8> names{"start",   "step",   "validation", "sample",
                                                  "picture", "saving", "saved",      "end"};
  return names[static_cast<size_t>(kind)];
}

void Events::subscribe(std::string name, Listener listener) {
  subscriptions_.push_back({std::move(name), std::move(listener)});
}

void Events::emit(const Event& event) {
  for (Subscription& subscription : subscriptions_) {
    std::string reason;
    try {
      subscription.listener(event);
      continue;
    } catch (const std::exception& error) {
      reason = error.what();
    } catch (...) {
      reason = "it threw what is no std::exception";
    }
    if (subscription.reported) continue;
    subscription.reported = true;
    std::fprintf(stderr, "%s failed at step %lld and may miss what follows; the run goes on: %s\n",
                 subscription.name.c_str(), static_cast<long long>(event.step), reason.c_str());
  }
}

}  // namespace fovea
