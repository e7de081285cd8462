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
const std::vector<std::string> names{"loss", "wrong bits"};
const TerminalStyle plain{};

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

TerminalStyle captured_style() {
  TerminalStyle style;
  captured([&](std::FILE* stream) { style = terminal_style(stream); });
  return style;
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
    Progress progress(
        {.name = "copy", .loss_unit = "nats", .stream = stream, .style = plain, .seconds = [&] { return now; }});
    Teller run{progress, 30};
    run.start();
    for (int step = 1; step <= 30; ++step) {
      now += 1;
      run.step(step, {1.0 / step, 2}, 16);
    }
  });
  CHECK(text ==
        "copy  step 1/30  loss 1 nats  wrong bits 2  16 sequences/s  29 s left\n"
        "copy  step 11/30  loss 0.09091 nats  wrong bits 2  16 sequences/s  19 s left\n"
        "copy  step 21/30  loss 0.04762 nats  wrong bits 2  16 sequences/s  9 s left\n"
        "copy  step 30/30  loss 0.03333 nats  wrong bits 2  16 sequences/s  done in 30 s\n");
}

TEST_CASE("figures beyond those asked for are left out") {
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.figures = 1, .stream = stream, .style = plain, .seconds = [] { return 0.0; }});
    Teller run{progress, 9};
    run.start();
    run.step(1, {0.5, 2});
  });
  CHECK(text == "step 1/9  loss 0.5\n");
}

TEST_CASE("the rate counts the sequences of each step, however many they are") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.stream = stream, .style = plain, .seconds = [&] { return now; }});
    Teller run{progress, 120};
    run.start();
    for (int step = 1; step <= 120; ++step) {
      now += 1;
      run.step(step, {1}, step <= 11 ? 1 : 8);  // --grown-batch
    }
  });
  CHECK_THAT(text, contains("step 1/120  loss 1  1.0 sequences/s  1 min 59 s left\n"));
  CHECK_THAT(text, contains("11/120  loss 1  1.0 sequences/s  1 min 49 s left\n"));
  CHECK_THAT(text, contains("120/120  loss 1  8.0 sequences/s  done in 2 min 0 s\n"));
}

TEST_CASE("after a resume the rate counts only the steps made since") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.stream = stream, .style = plain, .seconds = [&] { return now; }});
    Teller run{progress, 2000};
    run.start(1000);
    for (int step = 1001; step <= 1010; ++step) {
      now += 0.5;
      if (step == 1010) run.step(step, {0.5});
    }
  });
  CHECK(text == "step 1010/2000  loss 0.5  0.2 sequences/s  8 min 15 s left\n");
}

TEST_CASE("on a terminal one line is written over, and what is too soon is left out") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.name = "copy",
                       .stream = stream,
                       .style = TerminalStyle{.rewrites = true, .bounded = true, .width = 80},
                       .seconds = [&] { return now; }});
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
  CHECK(text.find("loss 9") == std::string::npos);
  CHECK_THAT(text, contains("\r\x1b[Kcopy  step 2/100  loss 0.1235"));
  CHECK_THAT(text, contains("\r\x1b[Ksaved\n"));
  CHECK(text.find("\x1b[3") == std::string::npos);  // no colours
}

TEST_CASE("from 40 to 200 columns every part is whole, none is wider, and step and time left are there") {
  const std::vector<std::string> long_names{"loss", "loss without attention", "characters right %"};
  const std::vector<double> figures{0.123456, 1.5, 97.25};
  const std::string all =
      "transformer  step 120000/600000  loss 0.1235 nats  loss without attention 1.5 nats  characters right 97.25 %  "
      "22000 sequences/s  at most 6 h 40 min left";
  for (int width = 40; width <= 200; ++width) {
    double now = 0;
    const std::string text = captured([&](std::FILE* stream) {
      Progress progress({.name = "transformer",
                         .loss_unit = "nats",
                         .stream = stream,
                         .style = TerminalStyle{.bounded = true, .width = width},
                         .seconds = [&] { return now; }});
      progress({.kind = Event::Kind::start, .steps = 600000});
      now = 6000;
      progress({.step = 120000,
                .steps = 600000,
                .names = long_names,
                .figures = figures,
                .batch = 132000000,
                .may_end_early = true});
      progress({.kind = Event::Kind::sample, .text = "a sample of words that go on and on, and on to the end of it"});
    });
    const std::string line = text.substr(0, text.find('\n'));
    CHECK_THAT(line, contains("120000/600000  ") && contains("  at most 6 h 40 min left"));
    if (width < 44) continue;                     // "step" is left out
    for (size_t from = 0; from < line.size();) {  // each part is one of those of the whole line
      const size_t end = std::min(line.find("  ", from), line.size());
      CHECK_THAT("  " + all + "  ", contains("  " + line.substr(from, end - from) + "  "));
      from = end + 2;
    }
    for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
      CHECK(end - from < static_cast<size_t>(width));
    if (width > static_cast<int>(all.size())) CHECK(line == all);
    if (width >= 62) CHECK_THAT(line, contains("loss 0.1235 nats"));
  }
}

TEST_CASE("a run that may end early has at most so long to go, and says why it ended") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.stream = stream, .style = plain, .seconds = [&] { return now; }});
    progress({.kind = Event::Kind::start, .steps = 1000});
    const std::array<double, 1> loss{0.5};
    now = 1.01;
    progress({.step = 1, .steps = 1000, .names = names, .figures = loss, .batch = 1, .may_end_early = true});
    now = 20;
    progress({.kind = Event::Kind::end, .step = 20, .steps = 1000, .ended_early = true, .text = "4 were good"});
  });
  CHECK(text ==
        "step 1/1000  loss 0.5  1.0 sequences/s  at most 17 min 0 s left\n"
        "ended after 20 s at step 20 of 1000: 4 were good\n");
}

TEST_CASE("text is broken between words where a line is bounded, and nowhere else") {
  const std::string text = "  one two three\n\nfour  five";
  CHECK(fitted(text, plain) == text);
  CHECK(fitted(text, {.bounded = true, .width = 80}) == text);
  CHECK(fitted(text, {.bounded = true, .width = 11}) == "  one two\n    three\n\nfour  five");
  CHECK(fitted(text, {.bounded = true, .width = 10}) == "  one two\n    three\n\nfour\n  five");
  CHECK(fitted("a-long-word b", {.bounded = true, .width = 8}) == "a-long-word\n  b");
  CHECK(fitted("語語語 語", {.bounded = true, .width = 8}) == "語語語\n  語");
}

TEST_CASE("COLUMNS says how wide a line may be, where there is no terminal too") {
  const auto with = [](const char* columns) {
    ::setenv("COLUMNS", columns, 1);
    const TerminalStyle style = captured_style();
    ::unsetenv("COLUMNS");
    return style;
  };
  CHECK(with("60").width == 60);
  CHECK(with("60").bounded);
  CHECK(with("1").width == 20);
  for (const char* nothing : {"", "0", "-5", "wide"}) {
    CHECK(with(nothing).width == 80);
    CHECK_FALSE(with(nothing).bounded);
  }
}

TEST_CASE("quiet progress says nothing; the best validation and samples have lines of their own") {
  for (const bool quiet : {true, false}) {
    const std::string text = captured([&](std::FILE* stream) {
      Progress progress({.quiet = quiet, .stream = stream, .style = plain, .seconds = [] { return 0.0; }});
      Teller run{progress, 2};
      run.start();
      run.step(1, {1});
      const std::array<double, 1> score{0.25};
      progress({.kind = Event::Kind::validation, .step = 1, .figures = score, .best = true});
      progress({.kind = Event::Kind::validation, .step = 1, .figures = score});
      run.sample("a sample");
    });
    CHECK(text == (quiet ? "" : "step 1/2  loss 1\nstep 1: validation 0.25, the best so far\na sample\n"));
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
      { const InterruptGuard inner; }  // changes nothing
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
