// README.md, CONTRIBUTING.md and docs/ cannot go stale unnoticed: the program in README.md is the one in
// tests/readme/example.cpp and does what it says, and every link into the repository leads somewhere.
#include <fovea/fovea.h>
#include <signal.h>
#include <sys/wait.h>
#include <tests/catch.h>
#include <tests/data_file.h>
#include <tests/scratch.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

// Compiled here and nowhere else, under another name because the tests have a main of their own.
#define main readme_example
#include "tests/readme/example.cpp"  // NOLINT(bugprone-suspicious-include)
#undef main

namespace {

namespace fs = std::filesystem;

fs::path repository() { return fs::path(test::data_file("../..")).lexically_normal(); }

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The first block of C++ in a page.
std::string code_block(const std::string& page) {
  const std::string open = "```cpp\n";
  const size_t begin = page.find(open);
  REQUIRE(begin != std::string::npos);
  const size_t end = page.find("```", begin + open.size());
  REQUIRE(end != std::string::npos);
  return page.substr(begin + open.size(), end - begin - open.size());
}

std::vector<fs::path> pages() {
  std::vector<fs::path> found = {repository() / "README.md", repository() / "CONTRIBUTING.md"};
  for (const auto& entry : fs::directory_iterator(repository() / "docs"))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

// What a page links to and shows that lies in the repository: [text](target), src="target".
std::vector<std::string> links(std::string page) {
  for (size_t at = 0; (at = page.find("```cpp\n")) != std::string::npos;)  // [](int) is no link
    page.erase(at, page.find("```", at + 3) - at);
  static const std::regex link(R"re(\]\(([^)#\s]+)[^)]*\)|src="([^"]+)")re");
  std::vector<std::string> targets;
  for (std::sregex_iterator at(page.begin(), page.end(), link), end; at != end; ++at) {
    const std::string target = (*at)[1].matched ? (*at)[1].str() : (*at)[2].str();
    if (target.find("://") == std::string::npos) targets.push_back(target);
  }
  return targets;
}

}  // namespace

TEST_CASE("the program of the README is compiled, and learns", "[readme]") {
  REQUIRE(code_block(text_of(repository() / "README.md")) == text_of(repository() / "tests/readme/example.cpp"));
  char name[] = "example";
  char* arguments[] = {name};
  REQUIRE(readme_example(1, arguments) == 0);
}

TEST_CASE("the program of the README, stopped and started again, ends with the same bits", "[readme]") {
  const fovea::test::Scratch scratch;
  const auto run = [&](const char* folder) {
    char name[] = "example";
    std::string path = (scratch / folder).string();
    char* arguments[] = {name, path.data()};
    return readme_example(2, arguments);
  };
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(run("parts"));
  while (!fs::exists(scratch / "parts" / "last.safetensors")) ::usleep(1000);
  ::usleep(50000);
  ::kill(child, SIGINT);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(run("whole") == 0);
  REQUIRE(run("parts") == 0);
  CHECK(text_of(scratch / "whole" / "last.safetensors") == text_of(scratch / "parts" / "last.safetensors"));
  CHECK(text_of(scratch / "whole" / "metrics.csv") == text_of(scratch / "parts" / "metrics.csv"));
}

TEST_CASE("no link of a page is dead", "[readme]") {
  REQUIRE(links("[a](b/c.h) <img src=\"d.png\"> [x](https://y.z) [e](f.md#g)").size() == 3);
  for (const fs::path& page : pages()) {
    INFO(page.filename().string());
    for (const std::string& target : links(text_of(page))) {
      INFO("links to " << target);
      CHECK(fs::exists(page.parent_path() / target));
    }
  }
}
