// What can be seen of attentions from outside with their gradients, and what is changed there.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/ntm.h>
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/layers/memory/dnc.h>
#include <fovea/layers/memory/ntm.h>
#include <tests/layers/contract.h>
#include <tests/layers/random_input.h>

using namespace fovea;
using namespace fovea::test;

TEST_CASE("a collector of all keeps scores and weights on the tape: the softmax's Jacobian joins their gradients",
          "[attention]") {
  const auto single = in_f64(BahdanauAttention(AdditiveScore(3, 2, 4)));
  const auto fused = in_f64(MultiHeadAttention({.embed_dim = 4, .heads = 2}));
  const auto folded = in_f64(MultiHead<AdditiveScore, Soft>({.embed_dim = 4, .heads = 2}, AdditiveScore(2, 2, 3)));
  const Tensor q = random_input({2, 3, 3}, 1), k = random_input({2, 5, 2}, 2), x = random_input({2, 5, 4}, 3);
  const Tensor image = random_input({2, 8, 2, 2}, 4);
  const auto images = in_f64(ImageAttention({.channels = 8}));
  const Tensor mask = padding_mask(tensor<int64_t>({5, 3}), 5);
  const auto gives = [&](const std::string& what) -> Tensor {
    if (what == "single") return single(q, k, k, mask).context;
    if (what == "fused") return fused(x, {.mask = unsqueeze(mask, 1), .causal = true}).output;
    if (what == "folded") return folded(x, {.mask = unsqueeze(mask, 1), .causal = true}).output;
    return images(image);
  };
  for (const std::string what : {"single", "fused", "folded", "image"}) {
    INFO(what);
    const Tensor alone = gives(what);
    const WeightCollector collected(Collect::all);
    const Tensor y = gives(what);
    REQUIRE(allclose(y.detach(), alone.detach(), 1e-12));
    const Tensor a = collected.weights().at(0).second.at(0), e = collected.scores().at(0).second.at(0);
    REQUIRE(a.shape() == e.shape());
    if (!y.requires_grad() || what == "image") continue;  // γ of the block begins at 0
    const std::vector<Tensor> d = grad(sum(y * random_input(y.shape(), 5)), {a, e});
    const Tensor by_rule = a * (d[0] - sum(a * d[0], -1, true));
    REQUIRE(max(abs(d[1])).item() > 1e-6);
    REQUIRE(allclose(d[1], by_rule.detach(), 1e-10));
  }
}

TEST_CASE("hooks change scores and weights of what they name, the innermost first, and end with their scope",
          "[attention]") {
  struct Model : Module {
    BahdanauAttention first{AdditiveScore(3, 2, 4)};
    MultiHeadAttention second{{.embed_dim = 2, .heads = 2}};
    void members(Members& m) override { m("first", first)("second", second); }
  };
  Model model;
  to(model, f64);
  name_paths(model, "model");
  const Tensor q = random_input({1, 2, 3}, 1), k = random_input({1, 4, 2}, 2);
  const Tensor plain = model.first(q, k).context, plain_heads = model.second(k).output;
  std::vector<std::string> seen;
  {
    const AttentionHooks uniform({.weights = [&](const std::string& path, const Tensor& w) {
      seen.push_back(path);
      return path == "model.first" ? full(w.shape(), 0.25, f64) : w;
    }});
    REQUIRE(allclose(model.first(q, k).context, expand(mean(k, 1, true), {1, 2, 2}), 1e-12));
    REQUIRE(allclose(model.second(k).output, plain_heads, 1e-12));
    const AttentionHooks doubled({.scores = [](const std::string&, const Tensor& e) { return 0.0 * e; },
                                  .weights = [](const std::string&, const Tensor& w) { return 2.0 * w; }});
    const WeightCollector collected;
    model.second(k);
    REQUIRE(allclose(collected.weights().at(0).second.at(0), full({1, 2, 4, 4}, 0.5, f64), 1e-12));
  }
  REQUIRE(seen == std::vector<std::string>{"model.first", "model.second", "model.second"});
  REQUIRE(equal(model.first(q, k).context.detach(), plain.detach()));
  const AttentionHooks wrong({.scores = [](const std::string&, const Tensor& e) { return sum(e, -1, true); }});
  REQUIRE_THROWS_WITH(model.first(q, k), contains("model.first"));
}

TEST_CASE("the stages of an NTM's addressing end in its weights, and its memory is seen at each step", "[attention]") {
  NeuralTuringMachine ntm({.input_size = 3, .output_size = 2, .hidden_size = 5, .slots = 6, .width = 4, .heads = 2});
  name_paths(ntm);
  const Tensor x = random_input({1, 4, 3}, 1, f32);
  std::vector<NeuralTuringMachine::State> states;
  const WeightCollector collected(Collect::all);
  ntm(x, 0, &states);
  const auto of = [&](const std::string& name) {
    for (const auto& [own, list] : collected.traces())
      if (own == name) return list;
    return std::vector<Tensor>{};
  };
  for (size_t t = 0; t < 4; ++t) {
    REQUIRE(of("read.sharpened").size() == 4);
    REQUIRE(allclose(of("read.sharpened")[t], states[t].read_weights, 1e-5, 1e-6));
    REQUIRE(allclose(of("write.sharpened")[t], states[t].write_weights, 1e-5, 1e-6));
    REQUIRE(equal(of("memory")[t], states[t].memory));
    REQUIRE(allclose(sum(of("read.content")[t], -1), ones({1, 2}), 1e-5));
  }
  REQUIRE(of("controller.hidden").empty());
  const WeightCollector weights_alone;
  ntm(x);
  REQUIRE(weights_alone.traces().empty());
  REQUIRE_THROWS_AS(plain_ntm_address(zeros({1, 2, 4}), zeros({1, 4, 6}), zeros({1, 2, 6})), ShapeError);
}

TEST_CASE("what a DNC frees, allocates and writes is seen at each step", "[attention]") {
  DifferentiableNeuralComputer dnc({.input_size = 3, .output_size = 2, .hidden_size = 5, .slots = 6, .width = 4});
  name_paths(dnc);
  const Tensor x = random_input({1, 4, 3}, 1, f32);
  std::vector<DifferentiableNeuralComputer::State> states;
  const WeightCollector collected(Collect::all);
  dnc(x, 0, &states);
  for (const auto& [name, list] : collected.traces()) {
    INFO(name);
    REQUIRE(list.size() == 4);
    for (size_t t = 0; t < 4; ++t) {
      if (name == "usage") REQUIRE(equal(list[t], states[t].usage));
      if (name == "write_weights") REQUIRE(equal(list[t], states[t].write_weights));
      if (name == "allocation") REQUIRE(equal(list[t], dnc.allocation(states[t].usage)));
      if (name == "modes") REQUIRE(allclose(sum(list[t], -1), ones({1, 1}), 1e-5));
    }
  }
  for (const char* const name : {"usage", "allocation", "write_weights", "gates", "modes", "memory", "links"})
    REQUIRE(std::any_of(collected.traces().begin(), collected.traces().end(),
                        [&](const auto& trace) { return trace.first == name; }));
}
