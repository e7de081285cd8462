// Answers of the section "Exercises" of docs/*.md that are arithmetic: each row of their tables is what the library
// computes. A row is "| `name` | number | .. |"; rows that no test holds are an error.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/score_function.h>
#include <fovea/autograd/stack.h>
#include <fovea/layers/attention/feed_forward.h>
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/memory/dnc.h>
#include <fovea/layers/memory/memn2n.h>
#include <tests/catch.h>
#include <tests/data_file.h>

#include <fstream>
#include <map>
#include <numbers>
#include <sstream>

using namespace fovea;

namespace {

// The rows of a page's exercises, which are taken one by one and must all have been taken in the end.
class Answers {
 public:
  explicit Answers(const std::string& page) {
    std::ifstream file(test::data_file("../../docs/" + page + ".md"));
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("## ", 0) == 0) inside = line.find("Exercises") != std::string::npos;
      if (!inside || line.rfind("| `", 0) != 0) continue;
      const size_t end = line.find('`', 3);
      std::istringstream cells(line.substr(line.find('|', end) + 1));
      std::vector<std::string> numbers;
      for (std::string cell; std::getline(cells, cell, '|');)
        if (cell.find_first_of("0123456789") != std::string::npos) numbers.push_back(cell);
      const bool fresh = rows_.emplace(line.substr(3, end - 3), numbers).second;
      REQUIRE(fresh);
    }
    REQUIRE(!rows_.empty());
  }
  // The row is these numbers, to half a unit of the last digit that it prints.
  void hold(const std::string& name, const std::vector<double>& found) {
    INFO(name);
    REQUIRE(rows_.count(name) == 1);
    const std::vector<std::string> row = rows_.at(name);
    rows_.erase(name);
    REQUIRE(row.size() == found.size());
    for (size_t i = 0; i < row.size(); ++i) {
      INFO("the page says" << row[i] << "and the library " << found[i]);
      std::string digits = row[i];
      digits.erase(std::remove(digits.begin(), digits.end(), ','), digits.end());
      const size_t point = digits.find('.'), last = digits.find_last_of("0123456789");
      const double unit = point == std::string::npos ? 1 : std::pow(10.0, -static_cast<double>(last - point));
      REQUIRE(std::abs(std::stod(digits) - found[i]) <= 0.5001 * unit);
    }
  }
  void hold(const std::string& name, const Tensor& found) {
    const Tensor flat = reshape(found.detach(), {found.numel()});
    std::vector<double> numbers;
    for (int64_t i = 0; i < flat.numel(); ++i) numbers.push_back(flat.at({i}));
    hold(name, numbers);
  }
  void end() const { REQUIRE(rows_.empty()); }

 private:
  std::map<std::string, std::vector<std::string>> rows_{};
};

Tensor numbers(const std::vector<double>& values) { return from(values, {static_cast<int64_t>(values.size())}); }

}  // namespace

TEST_CASE("attention: what a softmax sees of its scores", "[exercises]") {
  Answers answers("attention");
  const Tensor e = numbers({0, 1, 2});
  answers.hold("e", softmax(e, -1));
  answers.hold("e + 100", softmax(e + 100.0, -1));
  answers.hold("10 e", softmax(e * 10.0, -1));
  answers.hold("0 e", softmax(e * 0.0, -1));
  answers.end();
}

TEST_CASE("worked-example: ten times the query, and a first value as good as the mean", "[exercises]") {
  Answers answers("worked-example");
  const Tensor keys = from(std::vector<double>{1, 0, 0, 1, 1, 1}, {3, 2}), g = numbers({1, -1});
  const auto weights_and_gradient = [&](const Tensor& e, double first) {
    const Tensor values = from(std::vector<double>{first, 0, 0, 2, 3, 1}, {3, 2});
    const Tensor scores = clone(e).requires_grad_(), alpha = softmax(scores, -1);
    sum(matmul(unsqueeze(alpha, 0), values) * g).backward();
    return std::pair(alpha.detach(), scores.grad());
  };
  const Tensor large = matmul(keys, numbers({10, 20}));
  const auto [alpha, gradient] = weights_and_gradient(large, 1);
  answers.hold("e, 10 q", large), answers.hold("alpha, 10 q", alpha);
  answers.hold("dL/de, 10 q, times 10,000", gradient * 1e4);
  const Tensor e = matmul(keys, numbers({1, 2})), a = softmax(e, -1);
  const double first = 2 * (a.at({2}) - a.at({1})) / (1 - a.at({0}));
  answers.hold("first number of v1", std::vector<double>{first});
  REQUIRE(std::abs(weights_and_gradient(e, first).second.at({0})) < 1e-15);
  answers.end();
}

TEST_CASE("masks: three ways to hide a key", "[exercises]") {
  Answers answers("masks");
  const Tensor e = numbers({0, 1, 2}), none = zeros({3}, boolean);
  const Tensor seen = tensor<bool>({true, true, false}, {3});
  const auto hold = [&](const std::string& name, const Tensor& weights) {
    answers.hold(name, cat({weights, sum(weights, 0, true)}, 0));
  };
  for (const auto& [name, mask] : {std::pair<std::string, Tensor>{"one hidden", seen}, {"all hidden", none}}) {
    hold("weights times 0, " + name, where(mask, softmax(e, -1), scalar(0, f64)));
    hold("scores -1e9, " + name, softmax(where(mask, e, scalar(-1e9, f64)), -1));
    hold("the mask, " + name, softmax(e, -1, mask));
  }
  answers.end();
}

TEST_CASE("feed-forward-attention: the most that two steps can take", "[exercises]") {
  Answers answers("feed-forward-attention");
  for (const int64_t steps : {50, 500, 10000}) {
    const Tensor marked = lt(arange(steps), scalar(2, i64));
    const Tensor weights = softmax(where(marked, scalar(1, f64), scalar(-1, f64)), -1);
    answers.hold(std::to_string(steps), {sum(slice(weights, 0, 0, 2)).item(), 2.0 / static_cast<double>(steps)});
  }
  answers.end();
}

TEST_CASE("gradients: how long it takes to find out", "[exercises]") {
  Answers answers("gradients");
  // Steps of size 1 until the second key has more weight.
  const auto steps = [](double gap, bool surprise) {
    double count = 0;
    for (Tensor e = numbers({gap, 0}); e.at({0}) > e.at({1}); ++count) {
      e = e.detach().requires_grad_();
      const Tensor loss = surprise ? -select(log_softmax(e, -1), 0, 1) : select(softmax(e, -1), 0, 0);
      loss.backward();
      e = (e - e.grad()).detach();
    }
    return count;
  };
  for (const double gap : {1, 2, 5, 8})
    answers.hold(std::to_string(static_cast<int>(gap)), {steps(gap, false), gap + std::sinh(gap), steps(gap, true)});
  answers.end();
}

TEST_CASE("soft-against-hard: what a constant in the reward costs", "[exercises]") {
  Answers answers("soft-against-hard");
  const auto estimates = [](double shift, double baseline) {
    std::vector<double> found;
    for (int64_t drawn = 0; drawn < 2; ++drawn) {
      const Tensor e = numbers({0, 0}).requires_grad_();
      const Tensor log_p = slice(log_softmax(e, -1), 0, drawn, drawn + 1);
      const Tensor reward = numbers({(drawn == 0 ? -1.0 : -2.0) + shift});
      surrogate_loss(log_p, reward, {.baseline = scalar(baseline, f64)}).backward();
      found.push_back(-e.grad().at({0}));  // of the reward, by the first score
    }
    const double mean = (found[0] + found[1]) / 2;
    return std::vector<double>{found[0], found[1], mean,
                               (std::pow(found[0] - mean, 2) + std::pow(found[1] - mean, 2)) / 2};
  };
  answers.hold("b = 0", estimates(0, 0));
  answers.hold("10 more, b = 0", estimates(10, 0));
  answers.hold("b = -1.5", estimates(0, -1.5));
  answers.hold("10 more, b = 8.5", estimates(10, 8.5));
  answers.end();
}

TEST_CASE("gumbel: where a cold softmax has a slope", "[exercises]") {
  Answers answers("gumbel");
  for (const std::string tau : {"1", "0.1", "0.01"}) {
    std::vector<double> slopes;
    for (const double gap : {1.0, 0.01}) {
      const Tensor e = numbers({gap, 0}).requires_grad_();
      select(softmax(e / std::stod(tau), -1), 0, 0).backward();
      slopes.push_back(e.grad().at({0}));
    }
    answers.hold(tau, slopes);
  }
  answers.end();
}

TEST_CASE("self-attention: symmetric scores, other weights", "[exercises]") {
  Answers answers("self-attention");
  const Tensor x = from(std::vector<double>{1, 0, 1, 1}, {2, 2});
  const Tensor e = matmul(x, transpose(x, 0, 1)) / std::sqrt(2.0), alpha = softmax(e, -1);
  answers.hold("e, row 1", select(e, 0, 0)), answers.hold("e, row 2", select(e, 0, 1));
  answers.hold("alpha, row 1", select(alpha, 0, 0)), answers.hold("alpha, row 2", select(alpha, 0, 1));
  answers.end();
  // No order: rows in another order give the same answers in that order, and the same mean.
  Generator generator(3);
  const MultiHeadAttention heads({.embed_dim = 8, .heads = 2}, generator);
  const Tensor words = normal({1, 5, 8}, 0, 1, generator),
               order = tensor({int64_t{3}, int64_t{0}, int64_t{4}, int64_t{1}, int64_t{2}});
  const Tensor y = heads(words).output, shuffled = heads(index_select(words, 1, order)).output;
  REQUIRE(allclose(shuffled, index_select(y, 1, order), 1e-5, 1e-6));
  REQUIRE(allclose(mean(shuffled, 1), mean(y, 1), 1e-5, 1e-6));
}

TEST_CASE("scaled-dot-product: entropy before anything is learned", "[exercises]") {
  Answers answers("scaled-dot-product");
  for (const int64_t d : {4, 64, 1024}) {
    Generator generator(1);
    const Tensor q = normal({1, 1000, d}, 0, 1, generator, f64), k = normal({1, 64, d}, 0, 1, generator, f64);
    const auto entropy = [&](double scale) {
      const Tensor log_alpha = log_softmax(ScaledDotScore(scale)(q, k), -1);
      return -sum(exp(log_alpha) * log_alpha).item() / 1000;
    };
    answers.hold(std::to_string(d), {entropy(1), entropy(0)});
  }
  answers.end();
}

TEST_CASE("dnc: slots by usage", "[exercises]") {
  Answers answers("dnc");
  answers.hold("u", from(std::vector<double>{0.9, 0.1, 0.5}, {1, 3}));
  answers.hold("a", DifferentiableNeuralComputer::allocation(from(std::vector<double>{0.9, 0.1, 0.5}, {1, 3})));
  answers.hold("a, all used", DifferentiableNeuralComputer::allocation(from(std::vector<double>{1, 1, 1}, {1, 3})));
  answers.end();
}

TEST_CASE("stack-rnn: counting with actions that have not decided", "[exercises]") {
  Answers answers("stack-rnn");
  for (const std::string sure : {"1", "0.99", "0.9"}) {
    const double p = std::stod(sure);
    Tensor stack = full({1, 1, 64}, -1, f64);
    const Tensor push = from(std::vector<double>{1 - p, p}, {1, 1, 2}),
                 pop = from(std::vector<double>{p, 1 - p}, {1, 1, 2});
    std::vector<double> tops;
    for (int step = 0; step < 20; ++step) stack = stack_update(stack, ones({1, 1, 1}, f64), push);
    for (int step = 1; step <= 20; ++step) {
      stack = stack_update(stack, ones({1, 1, 1}, f64), pop);
      if (step >= 18) tops.push_back(stack.at({0, 0, 0}));
    }
    answers.hold(sure, tops);
  }
  answers.end();
}

TEST_CASE("end-to-end-memory: tables of the adjacent tying", "[exercises]") {
  Answers answers("end-to-end-memory");
  for (const int64_t hops : {1, 2, 3, 4}) {
    const MemN2N network({.vocabulary = 100, .embed_dim = 20, .hops = hops, .memory_size = 50});
    double tables = 0, all = 0;
    for (const auto& [name, parameter] : named_parameters(network)) {
      all += static_cast<double>(parameter.numel());
      tables += parameter.dim() == 2 && parameter.size(0) == 100 ? 1 : 0;
    }
    answers.hold(std::to_string(hops), {tables, all});
  }
  answers.end();
}

TEST_CASE("spatial-transformer: what six numbers do to a row of pixels", "[exercises]") {
  Answers answers("spatial-transformer");
  const Tensor row = from(std::vector<double>{1, 2, 3, 4}, {1, 1, 1, 4});
  const auto seen = [&](double scale, double shift) {
    const Tensor theta = from(std::vector<double>{scale, 0, shift, 0, 1, 0}, {1, 2, 3});
    return grid_sample(row, affine_grid(theta, {1, 1, 1, 4}));
  };
  answers.hold("identity", seen(1, 0)), answers.hold("mirrored", seen(-1, 0));
  answers.hold("half as wide", seen(0.5, 0)), answers.hold("half a width to the right", seen(1, 1));
  answers.hold("twice as wide", seen(2, 0));
  answers.end();
}

TEST_CASE("self-attention-gan: the weights of an image", "[exercises]") {
  Answers answers("self-attention-gan");
  for (const int64_t side : {8, 16, 32}) {
    std::vector<double> counts;
    for (const int64_t pool : {1, 2}) {
      ImageAttention<> block({.channels = 8, .pool = pool});
      name_paths(block, "block");
      const WeightCollector collected;
      block(ones({1, 8, side, side}));
      counts.push_back(static_cast<double>(collected.over_time("block").numel()));
    }
    answers.hold(std::to_string(side), counts);
  }
  answers.end();
}

TEST_CASE("gaussian-against-spatial-transformer: how far a Gaussian feels", "[exercises]") {
  Answers answers("gaussian-against-spatial-transformer");
  for (const int sigma : {1, 2, 4, 8, 16}) {
    const Tensor d = numbers({8}).requires_grad_();
    const double s = sigma;
    sum(exp(square(d) / (-2 * s * s)) / (s * std::sqrt(2 * std::numbers::pi))).backward();
    answers.hold(std::to_string(sigma), {-1000 * d.grad().at({0})});
  }
  answers.end();
}

TEST_CASE("extend: the near key, and the large one", "[exercises]") {
  Answers answers("extend");
  const Tensor keys = numbers({1, 3});
  answers.hold("dot", softmax(keys * 1.2, -1));
  for (const std::string beta : {"0", "0.1", "1", "10"})
    answers.hold("beta " + beta, softmax(square(keys - 1.2) * -std::stod(beta), -1));
  answers.end();
}
