// What a step of each decoder, of the Neural Turing Machine and of the stack RNN, asks of the heap once the pools are
// warm.
#include <fovea/autograd/mode.h>
#include <fovea/layers/memory/ntm.h>
#include <fovea/layers/memory/stack_rnn.h>
#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <fovea/layers/transformer/transformer.h>
#include <tests/catch.h>
#include <tests/heap_calls.h>

using namespace fovea;

namespace {

constexpr int64_t kWords = 7;

double calls_of(SequenceModel& model) {
  model.eval();
  const Tensor source = ones({2, 5}, i64), last = ones({2}, i64), lengths = tensor<int64_t>({5, 3});
  const auto decoder = model.decoder(source, lengths);
  return test::heap_calls_a_step([&] { decoder->step(last); });
}

}  // namespace

TEST_CASE("a step of a recurrent decoder asks the heap for nothing", "[layers][heap]") {
  for (const std::string cell : {"gru", "lstm", "rnn", "min_gru"}) {
    INFO(cell);
    RnnSearch search({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .cell = cell});
    CHECK(calls_of(search) == 0);
    LuongModel luong({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .layers = 2, .cell = cell});
    CHECK(calls_of(luong) == 0);
    EncoderDecoder plain({.source_vocabulary = kWords, .embed_dim = 3, .hidden_size = 4, .layers = 2, .cell = cell});
    CHECK(calls_of(plain) == 0);
  }
}

TEST_CASE("a step of the Neural Turing Machine asks the heap for nothing", "[layers][heap]") {
  const NeuralTuringMachine machine({.input_size = 3, .output_size = 2, .hidden_size = 8, .slots = 6, .width = 4});
  const NoGrad quiet;
  NeuralTuringMachine::State state = machine.initial_state(2);
  const Tensor x = ones({2, 3});
  CHECK(test::heap_calls_a_step([&] { state = machine.step(x, state).state; }) == 0);
}

TEST_CASE("a step of the stack RNN asks the heap for nothing", "[layers][heap]") {
  for (const bool list : {false, true}) {
    const StackRnn layer(
        {.input_size = 3, .hidden_size = 4, .stacks = 2, .capacity = 6, .list = list, .recurrent = true});
    const NoGrad quiet;
    StackRnn::State state = layer.initial_state(2);
    const Tensor x = ones({2, 3});
    CHECK(test::heap_calls_a_step([&] { state = layer.step(x, state).state; }) == 0);
  }
}

TEST_CASE("a step of the Transformer over its cache asks the heap for nothing", "[layers][heap]") {
  TransformerModel model(
      {.transformer = {.embed_dim = 8, .heads = 2, .feed_forward = 16, .layers = 2}, .source_vocabulary = kWords});
  CHECK(calls_of(model) == 0);
}
