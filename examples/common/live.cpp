#include "examples/common/live.h"

#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/interrupt.h>
#include <httplib.h>

#include <charconv>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "examples/common/report.h"

namespace fovea::examples {
namespace {

using Json = nlohmann::ordered_json;

// An open page holds a thread of the server for its events; those that are left answer what is asked meanwhile.
constexpr int kMostPages = 48, kThreads = 64;
constexpr size_t kMostBytes = size_t{1} << 26;  // of events that are kept

std::string fresh_token() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", source(), source(), source(), source());
}

}  // namespace

struct LivePage::Parts {
  Trainer& trainer;
  std::filesystem::path folder;
  std::string token = fresh_token(), host{}, address{};
  httplib::Server server{};
  std::thread serving{};

  std::mutex lock{};
  std::condition_variable changed{};
  std::vector<std::string> messages{};  // all events so far, for pages that lost their connection; the oldest emptied
  size_t bytes = 0, emptied = 0;
  bool paused = false, stop = false, ended = false;
  int pages = 0;  // with events

  std::filesystem::file_time_type recorded{};  // of record.json, as it was last sent
  int64_t step = 0, steps = 0;

  Parts(Trainer& of, std::filesystem::path at) : trainer(of), folder(std::move(at)) {}

  void send(const char* event, const std::string& data) {
    const std::scoped_lock hold(lock);
    messages.push_back(fmt::format("id: {}\nevent: {}\ndata: {}\n\n", messages.size(), event, data));
    bytes += messages.back().size();
    for (; bytes > kMostBytes && emptied + 1 < messages.size(); ++emptied) {
      bytes -= messages[emptied].size();
      messages[emptied] = {};
    }
    changed.notify_all();
  }
  void send_state(const char* state) { send("state", Json{{"state", state}, {"step", step}, {"steps", steps}}.dump()); }

  void send_frame() {
    std::error_code none;
    const auto written = std::filesystem::last_write_time(folder / "record" / "record.json", none);
    if (none || written == recorded) return;
    recorded = written;
    if (const std::string frame = newest_frame(folder); !frame.empty()) send("frame", frame);
  }

  // Until the page says continue or stop, or Ctrl-C comes.
  void wait_while_paused() {
    std::unique_lock hold(lock);
    if (!paused) return;
    hold.unlock();
    send_state("paused");
    hold.lock();
    while (paused && !stop && !interrupted()) changed.wait_for(hold, std::chrono::milliseconds(100));
    hold.unlock();
    send_state("training");
  }

  void hear(const Event& event) {
    step = event.step, steps = event.steps;
    if (event.kind == Event::Kind::start) send_state("training");
    if (!event.means.empty()) {
      Json row{event.step};
      for (const double mean : event.means) row.push_back(std::isfinite(mean) ? Json(mean) : Json());
      send("metrics", Json{{"run", 0}, {"row", row}}.dump());
      send_state("training");
    }
    send_frame();
    if (event.kind != Event::Kind::step) return;
    wait_while_paused();
    const std::scoped_lock hold(lock);
    if (stop) trainer.stop();
  }

  bool allowed(const httplib::Request& request, httplib::Response& response) const {
    if (request.get_param_value("token") == token) return true;
    response.status = 403;
    response.set_content("This page needs the token of the address that the program printed.\n", "text/plain");
    return false;
  }

  // A page whose connection was lost says which event it had last; the others begin with the first.
  static size_t after_last(const httplib::Request& request) {
    const std::string last = request.get_header_value("Last-Event-ID");
    size_t id = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), id);
    return error == std::errc() && end == last.data() + last.size() ? id + 1 : 0;
  }

  void answer() {
    server.set_keep_alive_timeout(1);  // seconds that an end waits for connections at rest
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.Get("/", [this](const httplib::Request& request, httplib::Response& response) {
      if (!allowed(request, response)) return;
      response.set_header("Cache-Control", "no-store");
      response.set_header("Referrer-Policy", "no-referrer");
      {
        std::unique_lock hold(lock);  // a run that has just been started has no files to show
        changed.wait_for(hold, std::chrono::seconds(10), [&] { return !messages.empty() || ended; });
      }
      response.set_content(live_page(folder, token), "text/html; charset=utf-8");
    });
    server.Get("/events", [this](const httplib::Request& request, httplib::Response& response) {
      if (!allowed(request, response)) return;
      response.set_header("Cache-Control", "no-store");
      {
        const std::scoped_lock hold(lock);
        if (pages >= kMostPages) {
          response.status = 503;
          return response.set_content("Too many pages watch this training; close one.\n", "text/plain");
        }
        ++pages;
      }
      response.set_chunked_content_provider(
          "text/event-stream",
          [this, next = after_last(request)](size_t, httplib::DataSink& sink) mutable {
            std::string text;
            {
              std::unique_lock hold(lock);
              changed.wait_for(hold, std::chrono::seconds(1), [&] { return next < messages.size() || ended; });
              for (; next < messages.size(); ++next) text += messages[next];
              if (text.empty() && ended) return sink.done(), true;
            }
            if (text.empty()) text = ": still here\n\n";  // a page that is gone is noticed
            return sink.write(text.data(), text.size());
          },
          [this](bool) {
            const std::scoped_lock hold(lock);
            --pages;
          });
    });
    const auto post = [this](const char* path, const std::function<void()>& act) {
      server.Post(path, [this, act](const httplib::Request& request, httplib::Response& response) {
        if (!allowed(request, response)) return;
        const std::scoped_lock hold(lock);
        act();
        changed.notify_all();
      });
    };
    post("/pause", [this] { paused = true; });
    post("/continue", [this] { paused = false; });
    post("/stop", [this] { stop = true, paused = false; });
  }
};

LivePage::LivePage(Trainer& trainer, const std::filesystem::path& folder, const std::string& host, int wanted)
    : parts_(std::make_unique<Parts>(trainer, folder)) {
  Parts& p = *parts_;
  p.answer();
  // One listener a port: the library would let several runs share it.
  p.server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  int port = -1;  // an empty address would be every interface
  if (!host.empty() && wanted == 0) port = p.server.bind_to_any_port(host.c_str());
  if (!host.empty() && wanted != 0 && p.server.bind_to_port(host.c_str(), wanted)) port = wanted;
  if (port < 0)
    throw FileError(fmt::format("--watch: cannot take {} of '{}'; need an address of this machine{}",
                                wanted == 0 ? "a port" : fmt::format("port {}", wanted), host,
                                wanted == 0 ? "" : ", or another --watch-port"));
  const bool v6 = host.find(':') != std::string::npos;
  p.address = fmt::format("http://{}:{}/?token={}", v6 ? fmt::format("[{}]", host) : host, port, p.token);
  p.serving = std::thread([&p] { p.server.listen_after_bind(); });
  while (!p.server.is_running()) std::this_thread::yield();  // stop() is not heard before
  trainer.events().subscribe("watch", [&p](const Event& event) { p.hear(event); });
}

LivePage::~LivePage() {
  Parts& p = *parts_;
  p.send_state("ended");
  {
    const std::scoped_lock hold(p.lock);
    p.ended = true;
    p.changed.notify_all();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // what is on its way arrives
  p.server.stop();
  p.serving.join();
}

const std::string& LivePage::address() const { return parts_->address; }

}  // namespace fovea::examples
