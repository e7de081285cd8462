// Progress lines on a terminal and elsewhere, the terminal's heatmap, and Ctrl-C.
#include "examples/common/progress.h"

#include <fovea/core/error.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "examples/common/interrupt.h"
#include "tests/catch.h"

namespace fovea::examples {
namespace {

using test::contains;

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

// What a person sees of a line: escape sequences take no room, every other character one column.
size_t columns_of(std::string_view line) {
  size_t columns = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) {
      ++columns;
    }
  }
  return columns;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
    lines.push_back(text.substr(from, end - from));
  }
  return lines;
}

TEST_CASE("plain progress: the first line, one every ten seconds, the last") {
  double now = 100;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress(
        {.name = "copy", .total = 30, .extra_name = "bit errors", .stream = stream, .seconds = [&] { return now; }});
    for (int step = 1; step <= 30; ++step) {
      now += 1;
      progress.step(step, 1.0 / step, 2, 16);
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
    Progress progress({.total = 120, .stream = stream, .seconds = [&] { return now; }});
    for (int step = 1; step <= 120; ++step) {
      now += 1;
      progress.step(step, 1, 0, step <= 11 ? 1 : 8);  // --grown-batch
    }
  });
  CHECK_THAT(text, contains("1/120  loss 1  1.0 sequences/s  1 min 59 s left\n"));
  CHECK_THAT(text, contains("11/120  loss 1  1.0 sequences/s  1 min 49 s left\n"));
  CHECK_THAT(text, contains("120/120  loss 1  8.0 sequences/s  done in 2 min 0 s\n"));
}

TEST_CASE("after a resume the rate counts only the steps made since") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.total = 2000, .first = 1000, .stream = stream, .seconds = [&] { return now; }});
    now = 5;
    progress.step(1010, 0.5);
  });
  CHECK(text == "1010/2000  loss 0.5  2.0 sequences/s  8 min 15 s left\n");
}

TEST_CASE("on a terminal one line is written over, and none is wider than it") {
  double now = 0;
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress(
        {.name = "copy", .total = 100, .style = {.rewrites = true, .width = 30}, .stream = stream, .seconds = [&] {
           return now;
         }});
    for (int step = 1; step <= 3; ++step) {
      now += 0.2;
      progress.step(step, 0.123456);
    }
    now += 0.01;
    progress.step(4, 9);  // too soon
    progress.note("saved");
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

TEST_CASE("quiet progress says nothing but notes") {
  const std::string text = captured([&](std::FILE* stream) {
    Progress progress({.total = 2, .quiet = true, .stream = stream});
    progress.step(1, 1);
    progress.step(2, 1);
    progress.note("saved");
  });
  CHECK(text == "saved\n");
}

TEST_CASE("durations as a person says them") {
  CHECK(duration_text(0.4) == "0 s");
  CHECK(duration_text(59.4) == "59 s");
  CHECK(duration_text(72) == "1 min 12 s");
  CHECK(duration_text(7500) == "2 h 5 min");
  CHECK(duration_text(273600) == "3 d 4 h");
  CHECK(duration_text(std::numeric_limits<double>::infinity()) == "unknown");
}

TEST_CASE("the terminal heatmap keeps to the width and shows a lone weight in a long input") {
  Grid grid{3, 5000, std::vector<float>(15000, 0.0F)};
  grid.values[4999] = 1;
  for (const auto colour : {TerminalColour::none, TerminalColour::palette_256, TerminalColour::true_colour}) {
    for (const int width : {20, 80, 200}) {
      const std::string text = heatmap_text(grid, "weights of a very long input, longer than a line of twenty",
                                            {.colour = colour, .width = width});
      for (const std::string& line : lines_of(text)) CHECK(columns_of(line) < static_cast<size_t>(width));
      CHECK(lines_of(text).size() == (colour == TerminalColour::none ? 5 : 4));
    }
  }
  const std::string plain = heatmap_text(grid, "", {.width = 40});
  CHECK(lines_of(plain)[0].back() == '@');
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(lines_of(heatmap_text({500, 2, std::vector<float>(1000)}, "", {}, 10)).size() == 11);
}

TEST_CASE("the terminal heatmap takes NaN, signs and nothing at all") {
  const Grid grid{1, 4, {-2, 0, 2, std::nanf("")}};
  CHECK_THAT(heatmap_text(grid, "", {}), contains("  @ @?\n"));
  CHECK_NOTHROW(heatmap_text(grid, "", {.colour = TerminalColour::true_colour}));
  CHECK_NOTHROW(heatmap_text({}, "nothing", {}));
  CHECK_THROWS_AS(heatmap_text({2, 2, {1}}, "", {}), ShapeError);
}

TEST_CASE("the first signal asks, the second leaves with 130") {
  {
    const InterruptGuard guard;
    CHECK_FALSE(interrupted());
  }
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(STDERR_FILENO);
    const InterruptGuard guard;
    ::raise(SIGINT);
    if (!interrupted()) ::_exit(1);
    ::raise(SIGTERM);
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(resume_hint("copy", "runs/a", 12) ==
        "stopped after step 12, saved in runs/a\ngo on with: copy --resume runs/a");
  CHECK(resume_hint("./dev run copy", "my runs/it's", 1) ==
        "stopped after step 1, saved in my runs/it's\ngo on with: ./dev run copy --resume 'my runs/it'\\''s'");
  CHECK(shell_word("") == "''");
}

}  // namespace
}  // namespace fovea::examples
