// The playground's functions, as its page calls them.
#include "examples/playground/playground.h"

#include <fovea/layers/attention/registry.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/catch.h"

using Json = nlohmann::json;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// All that another test may have set.
const Settings kDefaults{{"model", "rnnsearch"},   {"task", "reverse"}, {"score", "additive"}, {"align", "soft"},
                         {"sample", ""},           {"heads", "1"},      {"hidden", "16"},      {"slots", "8"},
                         {"width", "4"},           {"length", "5"},     {"batch", "4"},        {"seed", "1"},
                         {"learning_rate", "0.01"}};

void start(const Settings& settings = {}) {
  for (const Settings& each : {kDefaults, settings})
    for (const auto& [name, value] : each) {
      INFO(name << " " << value << ": " << playground_error());
      REQUIRE(playground_set(name.c_str(), value.c_str()) != 0);
    }
  const int started = playground_start();
  INFO(playground_error());
  REQUIRE(started == 1);
}

std::vector<double> steps(int count) {
  std::vector<double> losses;
  for (int i = 0; i < count; ++i) losses.push_back(playground_step());
  return losses;
}

Json look() {
  const char* const text = playground_look();
  INFO(playground_error());
  REQUIRE(text != nullptr);
  return Json::parse(text);
}

}  // namespace

TEST_CASE("playground: every score goes with every alignment, and weights of a row are a share of 1", "[playground]") {
  for (const std::string model : {"rnnsearch", "luong"})
    for (const std::string& score : fovea::score_names())
      for (const std::string& align : fovea::align_names()) {
        INFO(model << " " << score << " " << align);
        start({{"model", model}, {"score", score}, {"align", align}});
        const std::vector<double> losses = steps(2);
        REQUIRE(std::isfinite(losses[0]));
        REQUIRE(losses[0] != losses[1]);
        const Json panels = look();
        REQUIRE(panels.size() == 1);
        REQUIRE(panels[0]["rows"] == 6);
        REQUIRE(panels[0]["columns"] == 5);
        REQUIRE(panels[0]["row_labels"].size() == 6);
        REQUIRE(panels[0]["values"].size() == 30);
        for (size_t row = 0; row < 6; ++row) {
          double sum = 0;
          for (size_t j = 0; j < 5; ++j) sum += panels[0]["values"][row * 5 + j].get<double>();
          if (align == "local-p")  // its bell is not normalised again
            CHECK(sum <= 1.001);
          else
            CHECK(sum == Approx(1).margin(2e-3));
        }
      }
}

TEST_CASE("playground: a seed decides all, and another seed another run", "[playground]") {
  start();
  const std::vector<double> first = steps(5);
  start();
  CHECK(steps(5) == first);
  start({{"seed", "2"}});
  CHECK(steps(5) != first);
}

TEST_CASE("playground: looking and testing change nothing of what is learned", "[playground]") {
  for (const char* align : {"soft", "hard", "gumbel"}) {
    start({{"align", align}});
    const std::vector<double> undisturbed = steps(4);
    start({{"align", align}});
    for (const double loss : undisturbed) {
      look();
      playground_accuracy(10);
      CHECK(playground_step() == loss);
    }
  }
}

TEST_CASE("playground: rate, length, batch and task change in a run; the rest takes a new model", "[playground]") {
  start();
  steps(3);
  CHECK(playground_set("learning_rate", "0.001") == 1);
  CHECK(playground_set("batch", "2") == 1);
  CHECK(playground_set("task", "sort") == 1);
  CHECK(playground_set("length", "7") == 1);
  CHECK(playground_set("sample", "cab") == 1);
  CHECK(std::isfinite(playground_step()));
  CHECK(playground_steps_done() == 4);
  CHECK(look()[0]["column_labels"] == Json({"c", "a", "b"}));
  CHECK(playground_set("sample", "") == 1);
  CHECK(look()[0]["columns"] == 7);
  for (const auto& [name, value] : Settings{{"hidden", "8"}, {"score", "dot"}, {"align", "ntm"}, {"model", "luong"}}) {
    INFO(name);
    CHECK(playground_set(name.c_str(), value.c_str()) == 2);
  }
  CHECK(playground_steps_done() == 4);
  CHECK(playground_start() == 1);
  CHECK(playground_steps_done() == 0);
}

TEST_CASE("playground: a rate of 0 learns nothing, one above 0 does", "[playground]") {
  start({{"learning_rate", "0"}, {"length", "3"}});
  const Json before = look();
  steps(3);
  CHECK(look() == before);
  CHECK(playground_set("learning_rate", "0.01") == 1);
  steps(3);
  CHECK(look() != before);
}

TEST_CASE("playground: reversal is learned, and seen on the diagonal", "[playground]") {
  start({{"hidden", "32"}, {"batch", "16"}, {"learning_rate", "0.003"}, {"length", "6"}});
  const double at_first = playground_accuracy(50);
  CHECK(at_first < 10);
  steps(400);
  CHECK(playground_accuracy(50) > 80);
  CHECK(playground_part_accuracy() >= playground_accuracy(50));
  const Json panel = look()[0];
  double on_diagonal = 0;
  for (size_t i = 0; i < 6; ++i) on_diagonal += panel["values"][i * 6 + 5 - i].get<double>() / 6;
  CHECK(on_diagonal > 0.6);
}

TEST_CASE("playground: a Neural Turing Machine shows what it writes and reads", "[playground]") {
  for (const char* task : {"copy", "repeat-copy", "recall"}) {
    INFO(task);
    start({{"model", "ntm"}, {"task", task}, {"heads", "2"}, {"length", "3"}});
    steps(2);
    const Json panels = look();
    REQUIRE(panels.size() == 6);
    CHECK(panels[2]["title"] == "write weights, head 1");
    CHECK(panels[5]["title"] == "read weights, head 2");
    for (size_t head = 2; head < 6; ++head) {
      const auto rows = panels[head]["rows"].get<size_t>(), columns = panels[head]["columns"].get<size_t>();
      CHECK(rows == 8);
      CHECK(columns == panels[0]["columns"]);
      for (size_t t = 0; t < columns; ++t) {
        double sum = 0;
        for (size_t slot = 0; slot < rows; ++slot) sum += panels[head]["values"][slot * columns + t].get<double>();
        CHECK(sum == Approx(1).margin(2e-3));
      }
    }
    CHECK(playground_set("task", "copy") == 2);  // its inputs are others
  }
}

TEST_CASE("playground: a Transformer shows all heads of its three attentions", "[playground]") {
  start({{"model", "transformer"}, {"heads", "2"}});
  const Json panels = look();
  REQUIRE(panels.size() == 6);
  CHECK(panels[0]["title"] == "cross, head 1");
  CHECK(panels[5]["title"] == "decoder, head 2");
  const Json& decoder = panels[5];
  for (size_t i = 0; i < 6; ++i)
    for (size_t j = i + 1; j < 6; ++j) CHECK(decoder["values"][i * 6 + j] == 0);  // what follows is not seen
}

TEST_CASE("playground: what does not fit is refused with the reason, and the run goes on", "[playground]") {
  start();
  const auto refused = [](const char* name, const char* value, const std::string& reason) {
    INFO(name << " " << value);
    CHECK(playground_set(name, value) == 0);
    CHECK(std::string(playground_error()).find(reason) != std::string::npos);
  };
  refused("length", "0", "length is \"0\"; need a number from 1 to 40");
  refused("length", "5x", "need a number");
  refused("learning_rate", "nan", "need a number from 0 to 1");
  refused("score", "dots", "one of dot, scaled-dot");
  refused("align", "", "one of soft");
  refused("model", "gpt", "one of rnnsearch");
  refused("task", "recall", "learns reverse, copy, sort");
  refused("sample", "Abc", "letters from a to z");
  refused("sample", "a\"b", "letters from a to z");
  refused("colour", "red", "no setting \"colour\"");
  CHECK(std::isfinite(playground_step()));
  REQUIRE(playground_set("task", "reverse") == 1);

  REQUIRE(playground_set("model", "transformer") == 2);
  REQUIRE(playground_set("heads", "3") == 2);
  CHECK(playground_start() == 0);
  CHECK(std::string(playground_error()).find("needs a multiple of 3") != std::string::npos);
  CHECK(std::isnan(playground_step()));
  CHECK(std::string(playground_error()).find("no model") != std::string::npos);
  CHECK(playground_look() == nullptr);
  CHECK(playground_accuracy(10) == -1);
}

TEST_CASE("playground: names are those of the library", "[playground]") {
  const Json names = Json::parse(playground_names());
  CHECK(names["scores"] == Json(fovea::score_names()));
  CHECK(names["aligns"] == Json(fovea::align_names()));
  CHECK(names["tasks"]["ntm"] == Json({"copy", "repeat-copy", "recall"}));
}
