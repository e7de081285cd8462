// What a run records of its attention, read back, and the page that is made of it.
#include "examples/common/record.h"

#include <fovea/core/safetensors.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/training/text_file.h>
#include <tests/catch.h>
#include <tests/scratch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "examples/common/report.h"

using namespace fovea;
using namespace fovea::examples;

namespace {

struct Looking : Module {
  explicit Looking(Generator& initial) : attention(AdditiveScore(3, 3, 4, initial)) {}
  BahdanauAttention attention;
  void members(Members& m) override { m("attention", attention); }
};

// Ten steps with a validation every four, in which what is to be found is the largest key.
std::vector<float> train(const std::filesystem::path& folder, bool record, int64_t steps = 10) {
  Generator initial(1), fresh(2);
  Looking model(initial);
  name_paths(model);
  Adam adam(parameters(model), {.lr = 0.01});
  const RunFolder place = RunFolder::open(folder);
  Trainer trainer(model, adam, {.steps = steps, .validate_every = 4});
  trainer.folder(place).state()("fresh", fresh);
  std::optional<Recorder> recorder{};
  const auto loss_of = [&](Generator& generator) {
    const Tensor keys = normal({1, 5, 3}, 0, 1, generator), query = keys.mean(1);
    return sum(square(model.attention(query, keys, keys).context - 1.0));
  };
  if (record)
    recorder.emplace(trainer, place, [&](Recorder& samples) {
      for (uint64_t seed : {7u, 8u})
        samples.sample({.title = "</script>", .texts = {{"keys", {"a", "b"}}}, .keys = "keys"}, [&](Recorded& seen) {
          Generator own(seed);
          normal({3}, 0, 1);  // of the default generator: set back
          seen.text("answer", {"c"});
          seen.images("image", zeros({1, 1, 2, 2}), {.boxes = {{"box", zeros({1, 4})}}, .path = zeros({1, 2})});
          return loss_of(own);
        });
    });
  trainer.run([&]() -> StepOutput { return loss_of(fresh); }, [] { return 1.0; });
  std::vector<float> weights;
  for (const Tensor& p : parameters(model))
    for (int64_t i = 0; i < p.numel(); ++i) weights.push_back(reshape(p.detach(), {-1}).at<float>({i}));
  return weights;
}

}  // namespace

TEST_CASE("a run is the same with and without its record, which has every validation and what came before",
          "[record]") {
  const test::Scratch scratch;
  const auto folder = scratch.path() / "run";
  REQUIRE(train(folder, true) == train(scratch.path() / "without", false));
  REQUIRE(!std::filesystem::exists(scratch.path() / "without/record"));
  const auto json = nlohmann::json::parse(read_text(folder / "record/record.json"));
  std::vector<int64_t> steps;
  for (const auto& frame : json["frames"]) steps.push_back(frame["step"]);
  REQUIRE(steps == std::vector<int64_t>{0, 1, 2, 4, 8});
  REQUIRE(json["frames"][0]["score"].is_null());
  REQUIRE(json["frames"][3]["score"] == 1.0);
  REQUIRE(json["samples"].size() == 2);
  REQUIRE(json["samples"][0]["views"].size() == 2);
  REQUIRE(json["samples"][0]["views"][0]["kind"] == "attention");  // before what the call added, which came first
  REQUIRE(json["samples"][0]["views"][1]["kind"] == "images");
  const NamedTensors tensors = load_safetensors((folder / "record/000008.safetensors").string()).tensors;
  const auto of = [&](const std::string& name) {
    for (const auto& [own, x] : tensors)
      if (own == name) return x;
    FAIL(name);
    return Tensor();
  };
  const Tensor a = of("1/attention/weights"), by_a = of("1/attention/weights_gradient");
  REQUIRE(a.shape() == Shape{1, 1, 5});
  REQUIRE(allclose(sum(a, -1), ones({1, 1}), 1e-6));
  REQUIRE(allclose(of("1/attention/scores_gradient"), a * (by_a - sum(a * by_a, -1, true)), 1e-4, 1e-6));
  REQUIRE(of("0/box").shape() == Shape{1, 4});

  train(folder, true, 12);  // goes on
  const auto longer = nlohmann::json::parse(read_text(folder / "record/record.json"));
  REQUIRE(longer["frames"].size() == 6);
  REQUIRE(longer["frames"][4] == json["frames"][4]);
}

TEST_CASE("of many validations those are kept that lie evenly over the run, with their files and no others",
          "[record]") {
  const test::Scratch scratch;
  const auto folder = scratch.path() / "run";
  train(folder, true, 4 * 400);
  const auto frames = nlohmann::json::parse(read_text(folder / "record/record.json"))["frames"];
  REQUIRE(frames.size() == 100);
  REQUIRE(frames.back()["step"] == 1600);
  std::vector<int64_t> gaps;
  for (size_t i = 4; i + 1 < frames.size(); ++i)
    gaps.push_back(frames[i + 1]["step"].get<int64_t>() - frames[i]["step"].get<int64_t>());
  const auto [least, most] = std::minmax_element(gaps.begin(), gaps.end() - 1);
  CAPTURE(gaps);
  REQUIRE(*most <= 2 * *least);
  size_t files = 0;
  for (const auto& frame : frames) REQUIRE(std::filesystem::exists(folder / "record" / frame["file"]));
  for (const auto& entry : std::filesystem::directory_iterator(folder / "record"))
    files += entry.path().extension() == ".safetensors";
  REQUIRE(files == frames.size());
}

TEST_CASE("a record that is broken is kept aside when the run goes on, and a new one begins", "[record]") {
  const test::Scratch scratch;
  const auto folder = scratch.path() / "run";
  train(folder, true, 8);
  write_text(folder / "record/record.json", "{\"frames\": [");
  const auto weights = train(folder, true, 12);
  REQUIRE(read_text(folder / "record/record.json.broken") == "{\"frames\": [");
  const auto frames = nlohmann::json::parse(read_text(folder / "record/record.json"))["frames"];
  REQUIRE(frames.size() == 2);
  REQUIRE(frames.front()["step"] == 10);
  REQUIRE(weights == train(scratch.path() / "other", false, 12));
}

TEST_CASE("a report has what a folder has; texts cannot end its script; what is no run is refused", "[record]") {
  const test::Scratch scratch;
  const auto folder = scratch.path() / "run", page = scratch.path() / "report.html";
  train(folder, true);
  keep_titles(folder, {.command = "train --seed 1", .loss = "nats"});
  write_report(page, {folder});
  const std::string text = read_text(page);
  REQUIRE(text.find("train --seed 1") != std::string::npos);
  REQUIRE(text.find("\"name\":\"run\"") != std::string::npos);
  REQUIRE(text.find("<!--data-->") == std::string::npos);
  REQUIRE(text.find("id=\"frame-0-4\"") != std::string::npos);
  REQUIRE(text.find("\"title\":\"<\\/script>\"") != std::string::npos);
  REQUIRE(text.find("\"title\":\"</script>\"") == std::string::npos);
  keep_titles(folder, {.name = "without keys 1"});
  write_report(page, {folder});
  REQUIRE(read_text(page).find("\"name\":\"without keys 1\"") != std::string::npos);
  write_report(page, {folder, folder}, 0);  // no room: the last step of each
  REQUIRE(read_text(page).find("id=\"frame-1-0\"") != std::string::npos);
  REQUIRE(read_text(page).find("id=\"frame-0-1\"") == std::string::npos);
  REQUIRE_THROWS_AS(write_report(page, {scratch.path() / "none"}), FileError);
  write_text(folder / "summary.json", "[]");
  REQUIRE_NOTHROW(write_report(page, {folder}));
  write_text(folder / "summary.json", "{\"example\": 3}");
  REQUIRE_THROWS_AS(write_report(page, {folder}), FileError);
  std::filesystem::remove(folder / "summary.json");
  std::filesystem::resize_file(folder / "record/record.json", 20);
  REQUIRE_THROWS_AS(write_report(page, {folder}), FileError);
}
