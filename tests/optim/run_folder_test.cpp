// The run folder: atomic files, refusal of another run's folder, metrics that survive a resume, the summary's keys.
#include <fovea/core/error.h>
#include <fovea/optim/training/metrics.h>
#include <fovea/optim/training/run_folder.h>
#include <fovea/optim/training/text_file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/catch.h"
#include "tests/scratch.h"

namespace fovea {
namespace {

using test::contains;
using test::Scratch;

size_t files_in(const std::filesystem::path& folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST_CASE("write_text replaces the whole file and leaves nothing beside it") {
  const Scratch scratch;
  write_text(scratch / "a.txt", std::string(100000, 'x'));
  write_text(scratch / "a.txt", "short\n");
  CHECK(read_text(scratch / "a.txt") == "short\n");
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("write_text keeps the old file when the new one cannot take its place") {
  const Scratch scratch;
  std::filesystem::create_directories(scratch / "taken" / "by a folder");
  CHECK_THROWS_WITH(write_text(scratch / "taken", "text"), contains("taken") && contains("not a regular file"));
  CHECK(std::filesystem::is_directory(scratch / "taken"));
  CHECK(files_in(scratch.path()) == 1);
  CHECK_THROWS_AS(write_text(scratch / "none" / "a.txt", "text"), FileError);
  CHECK_THROWS_WITH(read_text(scratch / "missing"), contains("missing") && contains("No such file"));
}

TEST_CASE("a text of a size that no text has is refused before it is read") {
  const Scratch scratch;
  write_text(scratch / "sparse.csv", "step,loss\n");
  std::filesystem::resize_file(scratch / "sparse.csv", std::uintmax_t{1} << 36);
  CHECK_THROWS_WITH(read_text(scratch / "sparse.csv"), contains("68719476736 bytes") && contains("at most 1 GiB"));
  CHECK_THROWS_AS(MetricsFile(scratch / "sparse.csv", {"loss"}, 1), FileError);
}

TEST_CASE("a run folder belongs to one run") {
  const Scratch scratch;
  const std::filesystem::path folder = scratch / "runs" / "copy";
  RunFolder::create(folder, "seed = 1\n").renew_config();
  CHECK(read_text(folder / "config.toml") == "seed = 1\n");
  CHECK_THROWS_WITH(RunFolder::create(folder, "seed = 2\n"), contains("another run") && contains("--resume"));
  CHECK(read_text(folder / "config.toml") == "seed = 1\n");

  {
    const RunFolder resumed = RunFolder::resume(folder);
    CHECK(resumed.path() == folder);
    CHECK(resumed.resumed());
    resumed.renew_config();
  }
  CHECK(read_text(folder / "config.toml") == "seed = 1\n");
  RunFolder::open(folder, "seed = 1\nsteps = 9\n").renew_config();
  CHECK(read_text(folder / "config.toml") == "seed = 1\nsteps = 9\n");
  CHECK_THROWS_WITH(RunFolder::resume(scratch / "nowhere"), contains("holds no run"));

  write_text(scratch / "letter.txt", "dear");
  CHECK_THROWS_WITH(RunFolder::create(scratch.path(), ""), contains("is not empty"));
  std::filesystem::create_directory(scratch / "empty");
  CHECK_FALSE(RunFolder::open(scratch / "empty").resumed());
  CHECK(RunFolder::open(scratch / "empty").resumed());
  std::filesystem::create_directory(scratch / "killed");
  write_text(scratch / "killed" / "config.toml.tmp", "see");
  CHECK_NOTHROW(RunFolder::create(scratch / "killed", "seed = 1\n"));
  CHECK(files_in(scratch / "killed") == 1);
}

TEST_CASE("a folder in which a run goes on is refused and not touched") {
  const Scratch scratch;
  const std::filesystem::path folder = scratch / "run";
  const auto in_use = contains("run is in use by process " + std::to_string(::getpid()) + ";");
  {
    auto first = std::optional(RunFolder::create(folder, "seed = 1\n"));
    const RunFolder copy = *first;
    first.reset();
    const auto before = std::filesystem::last_write_time(folder);
    CHECK_THROWS_WITH(RunFolder::resume(folder, "seed = 1\nsteps = 9\n"), in_use);
    CHECK_THROWS_WITH(RunFolder::create(folder, "seed = 2\n"), in_use);
    CHECK_THROWS_WITH(RunFolder::open(folder), in_use);
    CHECK(std::filesystem::last_write_time(folder) == before);
    CHECK(read_text(folder / "config.toml") == "seed = 1\n");
  }
  CHECK(files_in(folder) == 1);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const RunFolder killed = RunFolder::resume(folder);
    ::raise(SIGKILL);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(std::filesystem::exists(folder / "lock"));
  CHECK(RunFolder::resume(folder).resumed());
  CHECK(files_in(folder) == 1);

  std::filesystem::create_directory(folder / "lock");
  CHECK_THROWS_WITH(RunFolder::resume(folder), contains("cannot lock") && contains("lock: Is a directory"));
}

TEST_CASE("a resumed metrics.csv is that of an uninterrupted run") {
  const Scratch scratch;
  const auto report = [](MetricsFile& metrics, int64_t first, int64_t last) {
    for (int64_t step = first; step <= last; ++step) {
      metrics.append(step, std::vector<double>{1.0 / static_cast<double>(step), 0.5});
    }
  };
  {
    MetricsFile whole(scratch / "whole.csv", {"loss", "errors"});
    report(whole, 1, 8);
  }
  {
    MetricsFile first(scratch / "parts.csv", {"loss", "errors"});
    report(first, 1, 6);
    first.sync();
  }
  std::string text = read_text(scratch / "parts.csv");
  write_text(scratch / "parts.csv", text + "7,0.1");  // a row that a crash cut short
  {
    MetricsFile second(scratch / "parts.csv", {"loss", "errors"}, 4);
    report(second, 5, 8);
  }
  CHECK(read_text(scratch / "parts.csv") == read_text(scratch / "whole.csv"));
  CHECK(read_text(scratch / "whole.csv").starts_with("step,loss,errors\n1,1,0.5\n2,0.5,0.5\n3,0.33333333,0.5\n"));

  const MetricsTable table = read_metrics(scratch / "whole.csv");
  CHECK(table.column("step").size() == 8);
  CHECK(table.column("loss")[3] == 0.25);
  CHECK_THROWS_AS(table.column("lost"), IndexError);
}

TEST_CASE("metrics.csv is read and gone on with as an editor leaves it") {
  const Scratch scratch;
  write_text(scratch / "m.csv", "\xEF\xBB\xBFstep,loss\r\n1,0.5\r\n2,0.25\r\n3,0.125\r\n");
  CHECK(read_metrics(scratch / "m.csv").column("step") == std::vector<double>{1, 2, 3});
  CHECK(read_metrics(scratch / "m.csv").column("loss") == std::vector<double>{0.5, 0.25, 0.125});
  MetricsFile(scratch / "m.csv", {"loss"}, 2).append(3, std::vector<double>{1});
  CHECK(read_text(scratch / "m.csv") == "step,loss\n1,0.5\n2,0.25\n3,1\n");
}

TEST_CASE("metrics.csv refuses rows and files that do not fit") {
  const Scratch scratch;
  {
    MetricsFile metrics(scratch / "m.csv", {"loss"});
    CHECK_THROWS_AS(metrics.append(1, std::vector<double>{1, 2}), ShapeError);
  }
  CHECK_THROWS_WITH(MetricsFile(scratch / "m.csv", {"loss"}), contains("another run"));
  CHECK_THROWS_WITH(MetricsFile(scratch / "names.csv", {"loss", "a,b"}), contains("a,b"));
  CHECK_FALSE(std::filesystem::exists(scratch / "names.csv"));
  CHECK_THROWS_WITH(MetricsFile(scratch / "m.csv", {"loss", "errors"}, 3), contains("columns are"));
}

TEST_CASE("a summary has exactly the agreed keys, in order") {
  const Scratch scratch;
  Summary summary{"copy", "sort", 7, 2, 1000, 12.5, 17162, {}};
  summary.metrics = {{"wrong_bits_percent", Summary::Figures{{"10", 0.0}, {"120", 0.25}}},
                     {"best_step", 900.0},
                     {"bleu", std::nan("")}};
  RunFolder::create(scratch / "run", "").write_summary(summary);
  const auto json = nlohmann::ordered_json::parse(read_text(scratch / "run" / "summary.json"));
  std::string keys;
  for (const auto& item : json.items()) keys += item.key() + " ";
  CHECK(keys == "example task seed threads steps seconds parameters metrics ");
  CHECK(json["seed"] == 7);
  CHECK(json["seconds"] == 12.5);
  CHECK(json["metrics"]["wrong_bits_percent"]["120"] == 0.25);
  CHECK(json["metrics"]["bleu"].is_null());
  CHECK(json["metrics"].size() == 3);
}

}  // namespace
}  // namespace fovea
