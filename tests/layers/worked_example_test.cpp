// docs/worked-example.md: every row of its tables is what the library computes from the rows that are given there.
#include <fovea/autograd/backward.h>
#include <fovea/layers/attention/score/additive.h>
#include <fovea/layers/attention/score/luong.h>
#include <tests/catch.h>
#include <tests/data_file.h>

#include <fstream>
#include <map>
#include <sstream>

using namespace fovea;

namespace {

using Rows = std::map<std::string, std::vector<double>>;

// The rows "| `name` | number | .. |" of each section "## n. ...".
std::map<char, Rows> sections_of_page() {
  std::ifstream page(test::data_file("../../docs/worked-example.md"));
  std::map<char, Rows> sections;
  char section = '0';
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) section = line[3];
    if (line.rfind("| `", 0) != 0) continue;
    const size_t end = line.find('`', 3);
    std::vector<double> numbers;
    std::istringstream cells(line.substr(line.find('|', end) + 1));
    for (std::string cell; std::getline(cells, cell, '|');)
      if (cell.find_first_of("0123456789") != std::string::npos) numbers.push_back(std::stod(cell));
    const bool fresh = sections[section].emplace(line.substr(3, end - 3), numbers).second;
    REQUIRE(fresh);
  }
  return sections;
}

// The rows `name1` .. or `name row 1` .., as a matrix.
Tensor matrix(const Rows& rows, const std::string& name, int count) {
  std::vector<double> all;
  for (int i = 1; i <= count; ++i) {
    const std::vector<double>& row = rows.at(name + std::to_string(i));
    all.insert(all.end(), row.begin(), row.end());
  }
  return from(all, {count, static_cast<int64_t>(all.size()) / count});
}

class Example {
 public:
  Example(const Rows& given, Rows page) : page_(std::move(page)) {
    query = leaf(matrix({{"q1", given.at("q")}}, "q", 1)), keys = leaf(matrix(given, "k", 3));
    values_ = leaf(matrix(given, "v", 3)), g_ = matrix({{"g1", given.at("g")}}, "g", 1);
  }
  static Tensor leaf(const Tensor& x) { return x.requires_grad_(); }

  void holds(const std::string& name, const Tensor& found) {
    INFO(name);
    const std::vector<double> row = page_.at(name);
    page_.erase(name);
    REQUIRE(static_cast<int64_t>(row.size()) == found.numel());
    const Tensor flat = reshape(found.detach(), {found.numel()});
    for (size_t i = 0; i < row.size(); ++i)
      REQUIRE(std::abs(row[i] - flat.at({static_cast<int64_t>(i)})) <= 0.5001e-4);  // four digits behind the point
  }
  void rows_hold(const std::string& name, const Tensor& found) {
    for (int64_t i = 0; i < found.size(0); ++i) holds(name + std::to_string(i + 1), select(found, 0, i));
  }
  // From the scores e [1, 1, 3] on, there and back.
  void follow(const Tensor& e) {
    const Tensor alpha = softmax(e, -1), c = matmul(alpha, unsqueeze(values_, 0)), loss = sum(c * g_);
    const std::vector<Tensor> back = grad({loss}, {alpha, e, query, keys, values_}, {.retain_graph = true});
    holds("e", e), holds("alpha", alpha), holds("c", c), holds("L", loss);
    holds("dL/dalpha", back[0]), holds("dL/de", back[1]), holds("dL/dq", back[2]), rows_hold("dL/dk", back[3]);
    if (page_.count("dL/dv1") > 0) rows_hold("dL/dv", back[4]);
    loss.backward();
  }
  const Rows& page() const { return page_; }  // what was not held yet

  Tensor query, keys;

 private:
  Rows page_;
  Tensor values_, g_;
};

}  // namespace

TEST_CASE("the worked example of dot-product attention is what the library computes", "[layers][worked_example]") {
  const auto sections = sections_of_page();
  Example example(sections.at('1'), sections.at('2'));
  example.follow(DotScore().compare(unsqueeze(example.query, 0), unsqueeze(example.keys, 0)));
  REQUIRE(example.page().empty());
}

TEST_CASE("the worked example of additive attention is what the library computes", "[layers][worked_example]") {
  const auto sections = sections_of_page();
  Rows page = sections.at('3');
  AdditiveScore score(2, 2, 2);
  to(score, f64);
  score.query_weight->detach().copy_(matrix(page, "W row ", 2));
  score.key_weight->detach().copy_(matrix(page, "U row ", 2));
  score.v->detach().copy_(from(page.at("va"), {2}));
  for (const char* given : {"W row 1", "W row 2", "U row 1", "U row 2", "va"}) page.erase(given);
  Example example(sections.at('1'), page);
  const Tensor u = tanh(linear(example.query, score.query_weight) + linear(example.keys, score.key_weight));
  example.rows_hold("u", u);
  example.follow(score.compare(unsqueeze(example.query, 0), score.prepare(unsqueeze(example.keys, 0))));
  example.holds("dL/dva", score.v->grad());
  example.rows_hold("dL/dW row ", score.query_weight->grad());
  example.rows_hold("dL/dU row ", score.key_weight->grad());
  REQUIRE(example.page().empty());
}
