// Progress lines on a terminal and elsewhere, and Ctrl-C.
#include <fovea/optim/training/interrupt.h>
#include <fovea/optim/training/progress.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <limits>
#include <thread>

#include "tests/catch.h"

namespace fovea {
namespace {

using test::contains;
const std::vector<std::string> names{"loss", "bit errors"};

// What `write` puts on a stream.
template <class Write>
std::string captured(Write write) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  write(stream);
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);
  return result;
}

// What a run tells.
struct Teller {
  Progress& progress;
  int64_t steps = 0;
  void start(int64_t step = 0) { progress({.kind = Event::Kind::start, .step = step, .steps = steps}); }
  void step(int64_t step, std::vector<double> figures, int64_t batch = 1) {
    progress({.step = step, .steps = steps, .names = names, .figures = figures, .batch = batch});
  }
  void sample(std::string_view text) { progress({.kind = Event::Kind::sample, .text = text}); }
};

TEST_CASE("plain progress: the first line, one every ten seconds, the last") {
  double now = 100;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.name = "copy", .style = {}, .stream = stream, .seconds = [&] { return now; }});
    Teller run{progress, 30};
    run.start();
    for (int step = 1; step <= 30; ++step) {
      now += 1;
      run.step(step, {1.0 / step, 2}, 16);
    }
  });
  CHECK(text ==
        "copy  1/30  loss 1  bit errors 2  16 sequences/s  29 s left\n"
        "copy  11/30  loss 0.09091  bit errors 2  16 sequences/s  19 s left\n"
        "copy  21/30  loss 0.04762  bit errors 2  16 sequences/s  9 s left\n"
        "copy  30/30  loss 0.03333  bit errors 2  16 sequences/s  done in 30 s\n");
}

TEST_CASE("the rate counts the sequences of each step, however many they are") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.style = {}, .stream = stream, .seconds = [&] { return now; }});
    Teller run{progress, 120};
    run.start();
    for (int step = 1; step <= 120; ++step) {
      now += 1;
      run.step(step, {1}, step <= 11 ? 1 : 8);  // --grown-batch
    }
  });
  CHECK_THAT(text, contains("1/120  loss 1  1.0 sequences/s  1 min 59 s left\n"));
  CHECK_THAT(text, contains("11/120  loss 1  1.0 sequences/s  1 min 49 s left\n"));
  CHECK_THAT(text, contains("120/120  loss 1  8.0 sequences/s  done in 2 min 0 s\n"));
}

TEST_CASE("after a resume the rate counts only the steps made since") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.style = {}, .stream = stream, .seconds = [&] { return now; }});
    Teller run{progress, 2000};
    run.start(1000);
    for (int step = 1001; step <= 1010; ++step) {
      now += 0.5;
      if (step == 1010) run.step(step, {0.5});
    }
  });
  CHECK(text == "1010/2000  loss 0.5  0.2 sequences/s  8 min 15 s left\n");
}

TEST_CASE("on a terminal one line is written over, and none is wider than it") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress(
        {.name = "copy", .style = {.rewrites = true, .width = 30}, .stream = stream, .seconds = [&] { return now; }});
    Teller run{progress, 100};
    run.start();
    for (int step = 1; step <= 3; ++step) {
      now += 0.2;
      run.step(step, {0.123456});
    }
    now += 0.01;
    run.step(4, {9});  // too soon
    run.sample("saved");
  });
  CHECK(text.find('9') == std::string::npos);
  CHECK_THAT(text, contains("\r\x1b[Kcopy  2/100  loss 0.1235"));
  CHECK_THAT(text, contains("\r\x1b[Ksaved\n"));
  CHECK(text.find("\x1b[3") == std::string::npos);  // no colours
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find_first_of("\r\n", from), text.size());
    CHECK(end - from <= 33);  // 29 columns and the escape sequence
    from = end + 1;
  }
}

TEST_CASE("quiet progress says nothing; the best validation and samples have lines of their own") {
  for (const bool quiet : {true, false}) {
    const std::string text = captured([&](std::FILE* stream) {
      Progress progress({.quiet = quiet, .style = {}, .stream = stream, .seconds = [] { return 0.0; }});
      Teller run{progress, 2};
      run.start();
      run.step(1, {1});
      const std::array<double, 1> score{0.25};
      progress({.kind = Event::Kind::validation, .step = 1, .figures = score, .best = true});
      progress({.kind = Event::Kind::validation, .step = 1, .figures = score});
      run.sample("a sample");
    });
    CHECK(text == (quiet ? "" : "1/2  loss 1\nstep 1: validation 0.25, the best so far\na sample\n"));
  }
}

TEST_CASE("durations as a person says them") {
  CHECK(duration_text(0.4) == "0 s");
  CHECK(duration_text(59.4) == "59 s");
  CHECK(duration_text(72) == "1 min 12 s");
  CHECK(duration_text(7500) == "2 h 5 min");
  CHECK(duration_text(273600) == "3 d 4 h");
  CHECK(duration_text(std::numeric_limits<double>::infinity()) == "unknown");
}

// The exit code of a run that is sent the signals, so many milliseconds after each other; 2: it was not made to leave.
int signalled(std::initializer_list<std::pair<int, int>> signals) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(STDERR_FILENO);
    const InterruptGuard guard;
    for (const auto& [signal, wait] : signals) {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      ::raise(signal);
      if (!interrupted()) ::_exit(1);
    }
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("the first signal asks, a later one leaves with 130, two at once are one") {
  {
    const InterruptGuard guard;
    CHECK_FALSE(interrupted());
  }
  CHECK(signalled({{SIGINT, 0}, {SIGINT, 200}}) == 130);
  CHECK(signalled({{SIGTERM, 0}, {SIGTERM, 2200}}) == 130);
  CHECK(signalled({{SIGTERM, 0}, {SIGINT, 200}}) == 130);
  CHECK(signalled({{SIGTERM, 0}, {SIGTERM, 0}, {SIGTERM, 200}}) == 2);
  CHECK(signalled({{SIGINT, 0}, {SIGINT, 0}}) == 2);
}

TEST_CASE("what to type to go on is one line of a shell") {
  CHECK(resume_hint("copy", "runs/a", 12) ==
        "stopped after step 12, saved in runs/a\ngo on with: copy --resume runs/a");
  CHECK(resume_hint("./dev run copy", "my runs/it's", 1) ==
        "stopped after step 1, saved in my runs/it's\ngo on with: ./dev run copy --resume 'my runs/it'\\''s'");
  CHECK(shell_word("") == "''");
}

}  // namespace
}  // namespace fovea
