// The command line: defaults, files, flags, their order, the rules of values, and what a resumed run may change.
#include "examples/common/command_line.h"

#include <fovea/core/error.h>
#include <fovea/optim/training/text_file.h>
#include <fovea/version.h>
#include <stdlib.h>

#include <iostream>
#include <sstream>

#include "examples/common/parameter.h"
#include "examples/common/program.h"
#include "tests/catch.h"
#include "tests/scratch.h"

namespace fovea::examples {
namespace {

using test::contains;
using test::Scratch;

// A program with some values of its own.
struct Copy : CommandLine {
  Copy()
      : CommandLine({.name = "copy", .description = "test", .tasks = {"copy", "sort"}},
                    {.threads = 0, .steps = 500, .learning_rate = 1e-4}) {}
  std::string& memory = text("memory", "slots x width", "128x20");
  int64_t& heads = whole("heads", "heads", 1, 1, 16);
  std::vector<int64_t>& lengths = wholes("lengths", "lengths to test", {10, 20}, 1);
  bool& clipped = flag("clipped", "clip gradients", true);
  std::string& title = text("title", "any text");
  std::string& controller = choice("controller", "controller", {"lstm", "ff"});
  int64_t& test_size = may_change(whole("test-size", "of the test", 10, 1));
  void settle() override {
    if (task == "sort") otherwise(heads, 5), otherwise(batch, 3);
  }

  bool read(const std::vector<std::string>& words) {
    std::vector<const char*> pointers = {"copy"};
    for (const std::string& word : words) pointers.push_back(word.c_str());
    return parse(static_cast<int>(pointers.size()), pointers.data());
  }
};

void check_refused(const std::vector<std::string>& words, const std::string& flag, const std::string& rule) {
  Copy copy;
  CHECK_THROWS_AS(Copy().read(words), UsageError);
  CHECK_THROWS_WITH(copy.read(words), contains(flag) && contains(rule));
}

TEST_CASE("defaults, then the file, then flags") {
  const Scratch scratch;
  write_text(scratch / "a.toml",
             "# a recipe\nsteps = 1_000  # more\nmemory = \"64x10\"\nlengths = [5, 7]\nheads = 2\nclipped = false\n");
  Copy copy;
  CHECK(copy.read({"--config", (scratch / "a.toml").string(), "--heads", "4", "--task=sort"}));
  CHECK(copy.steps == 1000);
  CHECK(copy.memory == "64x10");
  CHECK(copy.lengths == std::vector<int64_t>{5, 7});
  CHECK(copy.heads == 4);
  CHECK_FALSE(copy.clipped);
  CHECK(copy.task == "sort");
  CHECK(copy.learning_rate == 1e-4);
  CHECK(copy.threads >= 1);
  CHECK(copy.folder() == "runs/copy-sort-seed1");
}

TEST_CASE("what config.toml says reads back to the same run") {
  const Scratch scratch;
  Copy first;
  first.read({"--seed", "18446744073709551615", "--learning-rate", "3e-5", "--lengths", "3,4,5", "--no-clipped",
              "--title", "a \"b\" # c\\d"});
  write_text(scratch / "config.toml", first.config_toml());
  Copy second;
  second.read({"--config", (scratch / "config.toml").string()});
  CHECK(second.config_toml() == first.config_toml());
  CHECK(second.seed == 18446744073709551615U);
  CHECK(second.title == "a \"b\" # c\\d");
  CHECK_FALSE(second.clipped);
}

TEST_CASE("a wrong value is refused with flag, value and rule") {
  check_refused({"--batch", "0"}, "--batch is \"0\"", "a whole number from 1 to");
  check_refused({"--batch", "many"}, "--batch is \"many\"", "whole number");
  check_refused({"--steps", "1e3"}, "--steps", "at least 0");
  check_refused({"--seed", "-1"}, "--seed is \"-1\"", "at least 0");
  check_refused({"--learning-rate", "nan"}, "--learning-rate", "greater than 0");
  check_refused({"--task", "fly"}, "--task is \"fly\"", "one of copy, sort");
  check_refused({"--optimizer", "magic"}, "--optimizer", "one of sgd");
  check_refused({"--lengths", "3,0"}, "--lengths is \"0\"", "at least 1");
  check_refused({"--heads"}, "--heads", "required");
  check_refused({"--controller", "lsmt"}, "--controller is \"lsmt\"", "; did you mean lstm?");
  for (const char* flag : {"--resume", "--out", "--config"})
    check_refused({flag, ""}, flag, "name of a file or folder");
}

TEST_CASE("an unknown flag is named, with the flags that are near or what it is called now") {
  check_refused({"--colour", "red"}, "there is no flag --colour", "");
  check_refused({"--seed", "1", "--haeds", "2"}, "there is no flag --haeds; did you mean --heads?", "");
  check_refused({"--haeds=2", "--quiet"}, "there is no flag --haeds; did you mean --heads?", "");
  check_refused({"--no-cliped"}, "there is no flag --no-cliped; did you mean --no-clipped?", "");
  check_refused({"--test", "5"}, "there is no flag --test; it is called --test-size here", "");
  check_refused({"--lr", "5"}, "it is called --learning-rate here", "");
  check_refused({"sort"}, "\"sort\" is no flag", "begin with --");
  CHECK(did_you_mean("stpes", {"steps", "stop", "batch"}) == "; did you mean steps?");
  CHECK(did_you_mean("cat", {"car", "cut", "dog"}) == "; did you mean car or cut?");
  CHECK(did_you_mean("swim", {"soft", "hard"}).empty());
}

TEST_CASE("a flag is on or off in any of the words for it") {
  for (const bool by_default : {false, true}) {
    const auto read = [&](const std::string& word) {
      struct Sort : CommandLine {
        explicit Sort(bool value)
            : CommandLine({.name = "sort", .description = "test"}, {}), glimpse(flag("glimpse", "look", value)) {}
        bool& glimpse;
      } sort(by_default);
      const char* words[] = {"sort", word.c_str()};
      CHECK(sort.parse(word.empty() ? 1 : 2, words));
      return sort.glimpse;
    };
    CHECK(read("") == by_default);
    for (const char* on : {"--glimpse", "--glimpse=true", "--glimpse=1", "--glimpse=on", "--glimpse=yes",
                           "--no-glimpse=false", "--no-glimpse=0", "--no-glimpse=off", "--no-glimpse=no"})
      CHECK(read(on));
    for (const char* off : {"--no-glimpse", "--glimpse=false", "--glimpse=0", "--glimpse=off", "--glimpse=no",
                            "--no-glimpse=true", "--no-glimpse=1", "--no-glimpse=on", "--no-glimpse=yes"})
      CHECK_FALSE(read(off));
  }
  for (const char* flag : {"--clipped=maybe", "--no-clipped=maybe", "--quiet=2"})
    check_refused({flag}, "must be true, 1, on, yes or false, 0, off, no", "");
}

// A program of which flags go with choices of others.
struct Reverse : CommandLine {
  Reverse() : CommandLine({.name = "reverse", .description = "test", .tasks = {"copy", "sort"}}, {.steps = 600}) {}
  std::string& model = choice("model", "model", {"luong", "none", "transformer"});
  bool& beside = flag("beside", "train another beside it", true);
  int64_t& halve = in_steps(whole("halve", "steps", 150, 1));
  int64_t& layers = goes_with(whole("layers", "layers", 1, 1), {{&model, {"luong", "none"}}, {&beside, {"true"}}});
  int64_t& warmup =
      in_steps(goes_with(goes_with(whole("warmup", "warm steps", 300, 0), {{&task, {"sort"}}}), {{&model, {"luong"}}}));
  void settle() override {
    if (model == "none") otherwise(steps, 1200);
  }

  bool read(const std::vector<std::string>& words) {
    std::vector<const char*> pointers = {"reverse"};
    for (const std::string& word : words) pointers.push_back(word.c_str());
    return parse(static_cast<int>(pointers.size()), pointers.data());
  }
};

TEST_CASE("flags that do not go together are refused, with what they go with") {
  const auto refused = [](const std::vector<std::string>& words, const std::string& why) {
    Reverse reverse;
    CHECK_THROWS_AS(Reverse().read(words), UsageError);
    CHECK_THROWS_WITH(reverse.read(words), contains(why));
  };
  const auto taken = [](const std::vector<std::string>& words) { CHECK(Reverse().read(words)); };
  refused({"--warmup", "5"}, "--warmup goes with --task sort; here --task is copy");
  refused({"--warmup", "5", "--task", "sort", "--model", "none"},
          "--warmup goes with --model luong; here --model is none");
  taken({"--warmup", "5", "--task", "sort"});
  taken({"--layers", "2"});
  taken({"--layers", "2", "--model", "transformer"});
  refused({"--layers", "1", "--model", "transformer", "--no-beside"},
          "--layers goes with --model luong or none or --beside; here --model is transformer and --beside is false");

  const Scratch scratch;
  const std::string file = (scratch / "a.toml").string();
  write_text(file, "task = \"copy\"\nwarmup = 5\n");
  refused({"--config", file}, "a.toml:2: warmup goes with --task sort");
  taken({"--config", file, "--task", "sort"});
  Reverse run;
  run.read({"--model", "none"});
  write_text(scratch / "config.toml", run.config_toml());
  taken(
      {"--config", (scratch / "config.toml").string(), "--model", "transformer"});  // what a run wrote has every value
  taken({"--resume", scratch.path().string()});
}

TEST_CASE("a recipe says what --steps leaves as it is") {
  const auto note = [](const std::vector<std::string>& words) {
    Reverse reverse;
    reverse.read(words);
    return reverse.recipe_note();
  };
  CHECK(note({}).empty());
  CHECK(note({"--steps", "60"}) ==
        "the recipe is for 600 steps; what it counts in steps stays as it is. In proportion to 60: --validate-every 50 "
        "--halve 15");
  CHECK_THAT(note({"--steps", "60", "--task", "sort", "--halve", "7"}), contains("50 --warmup 30"));
  CHECK_THAT(note({"--steps", "60", "--model", "none"}), contains("for 1200 steps"));
  CHECK(note({"--steps", "1200", "--model", "none"}).empty());
  CHECK(note({"--steps", "60", "--halve", "7", "--validate-every", "9"}).empty());
}

TEST_CASE("sizes that must divide are refused with their numbers and the nearest that do") {
  struct Heads : CommandLine {
    Heads() : CommandLine({.name = "heads", .description = "test"}, {}) {}
    int64_t& size = whole("size", "size", 64, 1);
    int64_t& heads = whole("heads", "heads", 4, 1);
    void settle() override { must_divide(heads, size); }
  };
  const auto read = [](const char* heads) {
    const char* words[] = {"heads", "--heads", heads};
    return Heads().parse(3, words);
  };
  CHECK(read("8"));
  CHECK_THROWS_WITH(read("3"), "--heads is 3, which does not divide --size 64; the nearest that do are 2 and 4");
  CHECK_THROWS_WITH(read("100"), contains("are 64 and 64"));
}

TEST_CASE("a config file is read strictly, errors name file and line") {
  const Scratch scratch;
  const auto refused = [&](const std::string& text, const std::string& reason) {
    write_text(scratch / "c.toml", text);
    Copy copy;
    CHECK_THROWS_WITH(copy.read({"--config", (scratch / "c.toml").string()}), contains("c.toml:") && contains(reason));
  };
  refused("steps = 5\nlerning-rate = 0.1\n", ":2: lerning-rate: unknown key; did you mean learning-rate?");
  refused("warm = 5\n", ":1: warm: unknown key");
  refused("steps = 5\nsteps = 6\n", ":2: steps is given twice, first in line 1");
  refused("heads = 99\n", "heads is \"99\"; it must be a whole number from 1 to 16");
  refused("heads = [1, 2]\n", "single");
  refused("memory = 128x20\n", "needs quotes");
  refused("memory = \"128x20\n", "closing quote");
  refused("[model]\nheads = 2\n", "tables");
  refused("heads 2\n", "expected `heads = value`");
  refused("heads = 2 3\n", "unexpected");
  refused("resume = \"x\"\n", "unknown key");
  refused("example = \"reverse\"\n", "is of the example \"reverse\"");
  refused("\xFF\xFEs", "UTF-16");
  const std::string none = (scratch / "none.toml").string();
  check_refused({"--config", none}, "--config " + none, "there is no such file");
  check_refused({"--config", scratch.path().string()}, "--config", "no regular file");
  write_text(none, "\xEF\xBB\xBFsteps = 5\r\n");
  Copy copy;
  CHECK(copy.read({"--config", none}));
  CHECK(copy.steps == 5);
}

TEST_CASE("a resumed run keeps its config, but for what may change") {
  const Scratch scratch;
  const std::string folder = scratch.path().string();
  Copy first;
  first.read({"--batch", "32", "--seed", "5", "--out", folder, "--threads", "2"});
  write_text(scratch / "config.toml", first.config_toml());

  Copy same;
  same.read({"--resume", folder, "--steps", "9000", "--threads", "1", "--batch", "32", "--learning-rate", "0.0001"});
  CHECK(same.resumed());
  CHECK(same.folder() == folder);
  CHECK(same.batch == 32);
  CHECK(same.seed == 5);
  CHECK(same.steps == 9000);
  CHECK(same.threads == 1);

  check_refused({"--resume", folder, "--batch", "16"}, "--batch 16 contradicts the run in", "which has 32");
  check_refused({"--resume", folder, "--lengths", "1"}, "--lengths 1 contradicts", "which has 10,20");
  check_refused({"--resume", folder, "--no-clipped"}, "--clipped false contradicts", "which has true");
  check_refused({"--resume", folder, "--out", folder + "/other"}, "--out", "contradicts");
  check_refused({"--resume", folder, "--config", folder + "/config.toml"}, "--config", "contradicts");
  check_refused({"--resume", folder + "/none"}, "--resume", "no config.toml");
  check_refused({"--lengths", ""}, "--lengths", "is empty");
  Copy out;
  CHECK_NOTHROW(out.read({"--resume", folder, "--out", folder}));
}

TEST_CASE("data files are looked for and their absence explained") {
  const Scratch scratch;
  write_text(scratch / "a.tsv", "x\ty\n");
  CommandLine line({.name = "translate", .description = "test", .uses_data = true}, {});
  const std::string folder = scratch.path().string();
  const char* words[] = {"translate", "--data", folder.c_str()};
  CHECK(line.parse(3, words));
  CHECK(line.data_file("a.tsv") == scratch / "a.tsv");
  CHECK_THROWS_WITH(line.data_file("b.tsv"), contains("b.tsv") && contains("--data"));
  CHECK(line.folder() == "runs/translate-seed1");
}

TEST_CASE("the help names the choices of a flag") {
  Copy copy;
  std::string controller = "lstm";
  std::ostringstream text;
  std::streambuf* const former = std::cout.rdbuf(text.rdbuf());
  const bool runs = copy.read({"--help"});
  std::cout.rdbuf(former);
  CHECK_FALSE(runs);
  CHECK_THAT(text.str(), contains("--clipped, --no-clipped") && contains("clip gradients; on by default"));
  CHECK_THAT(text.str(), contains("--quiet  ") && !contains("--no-quiet"));
  CHECK_THAT(text.str(), contains("controller: lstm, ff"));
  CHECK_THAT(text.str(), contains("what to learn: copy, sort"));
  CHECK_THAT(text.str(), contains("update rule: sgd, rmsprop, rmsprop-graves, adam, adamw"));
}

TEST_CASE("the command is what a person types to call the program again") {
  ::unsetenv("FOVEA_COMMAND");
  Copy copy;
  CHECK(copy.command() == "copy");
  const char* called[] = {"./my builds/copy"};
  copy.parse(1, called);
  CHECK(copy.command() == "'./my builds/copy'");
  ::setenv("FOVEA_COMMAND", "./dev run copy", 1);
  CHECK(copy.command() == "./dev run copy");
  ::unsetenv("FOVEA_COMMAND");
}

TEST_CASE("exit codes tell a wrong command line from a failed run") {
  const char* wrong[] = {"copy", "--batch", "0"};
  Copy copy;
  CHECK(run_program(copy, 3, wrong, [] { return 0; }) == 2);
  const char* right[] = {"copy"};
  CHECK(run_program(copy, 1, right, [] { return 5; }) == 5);
  CHECK(run_program(copy, 1, right, []() -> int { throw FileError("disk"); }) == 1);
  CHECK(run_program(copy, 1, right, []() -> int { throw std::bad_alloc(); }) == 1);
  CHECK(copy.smaller_flags() == "a smaller --batch or --memory needs less");
}

TEST_CASE("defaults that follow from other values give way to what is given", "[command line]") {
  const Scratch scratch;
  Copy sort;
  sort.read({"--task", "sort", "--batch", "7"});
  CHECK(sort.heads == 5);
  CHECK(sort.batch == 7);
  write_text(scratch / "config.toml", sort.config_toml());
  Copy resumed;
  resumed.read({"--resume", scratch.path().string(), "--test-size", "4"});
  CHECK(resumed.heads == 5);
  CHECK(resumed.batch == 7);
  CHECK(resumed.test_size == 4);
  Copy from_file;
  write_text(scratch / "heads.toml", "heads = 2\n");
  from_file.read({"--task", "sort", "--config", (scratch / "heads.toml").string()});
  CHECK(from_file.heads == 2);
  Copy copy;
  copy.read({});
  CHECK(copy.heads == 1);
}

TEST_CASE("a trained run is asked with --run and the flag that asks, never with one of them", "[command line]") {
  const Scratch scratch;
  CommandLine line({.name = "translate", .description = "test", .serves = "translate"}, {});
  const auto read = [&](std::vector<const char*> words) {
    return line.parse(static_cast<int>(words.size()), words.data());
  };
  const std::string folder = scratch.path().string();
  CHECK_THROWS_WITH(read({"translate", "--translate", "a"}), contains("needs --run"));
  CHECK_THROWS_WITH(read({"translate", "--translate", "", "--run", folder.c_str()}), contains("needs --translate"));
  std::string asked;
  const auto answer = [&](const std::string& text, const std::string& where) { return asked = text + where, "b"; };
  CHECK(read({"translate", "--translate", "a", "--run", folder.c_str()}));
  CHECK(serve(line, answer) == 0);
  CHECK(asked == "a--translate");
}

TEST_CASE("the header line says what one needs to repeat the run") {
  Copy copy;
  copy.read({"--task", "sort", "--seed", "3", "--threads", "2"});
  const std::string version(library_version());
  CHECK(header_line(copy, "SkylakeX", 1017162) ==
        "copy: task sort, seed 3, threads 2, BLAS SkylakeX, parameters 1,017,162, fovea " + version);
  copy.task.clear();
  CHECK(header_line(copy, "Generic", 999) == "copy: seed 3, threads 2, BLAS Generic, parameters 999, fovea " + version);
}

}  // namespace
}  // namespace fovea::examples
