// Multi-head attention and the Transformer's layers against PyTorch (tests/golden/transformer.py), values and gradients
// in f64 and f32, and golden values of positions.
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/transformer/transformer.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

const GoldenFile& golden() {
  static const GoldenFile file("transformer");
  return file;
}

// Key padding [B, Tk] as a mask.
Tensor padding_of(const Named& in) { return in.count("padding") != 0 ? unsqueeze(in.at("padding"), 1) : Tensor(); }

struct AttentionCase {
  std::string name;
  MultiHeadOptions options = {.embed_dim = 4, .heads = 2};
  bool causal = false;  // by the flag, in place of the mask
};

void check_attention(const AttentionCase& c) {
  for (const DType dtype : {f64, f32})
    for (const bool plain : {false, true}) {
      MultiHeadAttention layer(c.options);
      check_case(golden(), c.name, layer, dtype, [&](const Named& in) {
        const bool weighed = part_of_case(golden(), c.name, "output", dtype).count("weights") != 0;
        const Tensor padding = padding_of(in), mask = c.causal ? Tensor() : one_of(in, "mask");
        MultiHeadCall call{.mask = mask.defined() && mask.dim() == 4 ? mask : both_masks(padding, mask),
                           .causal = c.causal};
        call.need_weights = weighed || plain;  // fused, or the plain formula
        const MultiHeadOutput y =
            in.count("key") != 0 ? layer(in.at("x"), in.at("key"), in.at("value"), call) : layer(in.at("x"), call);
        return Named{{"y", y.output}, {"weights", y.alignment.weights}};
      });
    }
}

TransformerOptions options_of(const std::string& name) {
  const bool pre = name.find("pre") != std::string::npos;
  return {.embed_dim = 4,
          .heads = 2,
          .feed_forward = 6,
          .layers = 1,
          .dropout = 0,
          .activation = pre ? Activation::gelu : Activation::relu,
          .norm_first = pre};
}

}  // namespace

TEST_CASE("multi-head attention agrees with PyTorch, fused and plain", "[layers][golden][attention]") {
  check_attention({"self"});
  check_attention({"self_padding"});
  check_attention({"self_causal"});
  check_attention({.name = "self_causal", .causal = true});
  check_attention({"self_both"});
  check_attention({.name = "self_both", .causal = true});
  check_attention({"self_per_head"});
  check_attention({"self_weights"});
  check_attention({"self_no_bias", {.embed_dim = 4, .heads = 2, .bias = false}});
  check_attention({"cross", {.embed_dim = 4, .heads = 2}});
  check_attention({"cross_sizes", {.embed_dim = 4, .heads = 2, .key_size = 3, .value_size = 5}});
}

TEST_CASE("the Transformer's layers agree with PyTorch", "[layers][golden][transformer]") {
  for (const DType dtype : {f64, f32}) {
    for (const std::string name : {"post_relu", "pre_gelu"}) {
      TransformerEncoderLayer encoder(options_of(name));
      check_case(golden(), "encoder_" + name, encoder, dtype, [&](const Named& in) {
        return Named{{"y", encoder(in.at("x"), {.mask = padding_of(in)})}};
      });
      TransformerDecoderLayer decoder(options_of(name));
      check_case(golden(), "decoder_" + name, decoder, dtype, [&](const Named& in) {
        return Named{{"y", decoder(in.at("x"), in.at("memory"), {.memory_mask = padding_of(in)})}};
      });
    }
    Transformer whole(options_of("post_relu"));
    check_case(golden(), "whole", whole, dtype, [&](const Named& in) {
      return Named{{"y", whole(in.at("x"), in.at("target"))}};
    });
  }
}

TEST_CASE("sinusoidal positions, worked out by hand", "[layers][golden][transformer]") {
  const Tensor rows = sinusoidal_positions(2, 4, 1, f64);
  const double expected[2][4] = {{.841471, .540302, .010000, .999950}, {.909297, -.416147, .019999, .999800}};
  for (int64_t p = 0; p < 2; ++p)
    for (int64_t i = 0; i < 4; ++i) REQUIRE(rows.at({p, i}) == Approx(expected[p][i]).margin(5e-7));
}
