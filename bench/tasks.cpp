#include <fovea/autograd/shared_weights.h>

#include "workloads.h"

namespace fovea::bench {
namespace {

template <class Loss>
Step train_step(const std::shared_ptr<Optimizer>& optimizer, Loss loss) {
  return [=] {
    optimizer->zero_grad();
    const SharedWeights shared;  // as the trainer does
    loss().backward();
    optimizer->step();
  };
}

// 41 steps of 9 inputs, LSTM 100, memory 128x20, one read and one write head, RMSprop with momentum.
Step ntm_copy(int64_t batch) {
  const int64_t bits = 8, length = 20;
  const auto model = std::make_shared<NeuralTuringMachine>(NtmOptions{.input_size = bits + 1, .output_size = bits});
  const Tensor target = bernoulli({batch, length, bits}, 0.5, default_generator());
  Tensor input = zeros({batch, 2 * length + 1, bits + 1});
  slice(slice(input, 1, 0, length), 2, 0, bits).copy_(target);
  select(select(input, 2, bits), 1, length).fill_(1);
  const auto optimizer =
      std::make_shared<RMSprop>(parameters(*model), RMSpropOptions{.lr = 1e-4, .alpha = 0.95, .momentum = 0.9});
  return train_step(optimizer, [=] { return binary_cross_entropy_with_logits((*model)(input, length), target); });
}

Step mlp() {
  const auto first = std::make_shared<Linear>(784, 256), second = std::make_shared<Linear>(256, 10);
  std::vector<Tensor> all = parameters(*first);
  for (const Tensor& p : parameters(*second)) all.push_back(p);
  const Tensor x = rand({64, 784});
  const Tensor labels = randint({64}, 0, 10, default_generator());
  return train_step(std::make_shared<Adam>(all, AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*second)(relu((*first)(x))), labels); });
}

// Batch 32, source and target 20 of 1000 words, embeddings 128, bidirectional GRU 2 x 128, GRU 128, attention 128.
Step seq2seq() {
  const int64_t words = 1000;
  const auto model = std::make_shared<RnnSearch>(RnnSearchOptions{.source_vocabulary = words,
                                                                  .embed_dim = 128,
                                                                  .hidden_size = 128,
                                                                  .attention = {.width = 128},
                                                                  .start_from_both_ends = true,
                                                                  .output_sees_token = false});
  const auto ids = [&] { return randint({32, 20}, 0, words, default_generator()); };
  const Tensor source = ids(), input_ids = ids(), wanted = ids();
  return train_step(std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*model)(source, {}, input_ids).logits, wanted); });
}

// Sort 10 numbers: embedding 1 -> 128, LSTMs 128, every step teacher forced, Adam.
Step pointer_sort() {
  const auto model =
      std::make_shared<PointerNetwork>(PointerOptions{.input_size = 1, .hidden_size = 128, .revisit = true});
  const Tensor values = rand({64, 10, 1});
  const Tensor order = argsort(squeeze(values, 2), 1);
  return train_step(std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3}),
                    [=] { return nll_loss((*model)(values, order).log_weights, order); });
}

// 50 sentences of 7 words, vocabulary 180, width 20, 3 hops, adjacent tying, Adam.
Step memn2n() {
  const int64_t words = 180;
  const auto model = std::make_shared<MemN2N>(MemN2NOptions{.vocabulary = words, .embed_dim = 20, .hops = 3});
  const auto ids = [&](const Shape& shape) { return randint(shape, 1, words, default_generator()); };
  const Tensor story = ids({32, 50, 7}), question = ids({32, 7}), answers = ids({32});
  return train_step(std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*model)(story, question), answers); });
}

// 40 steps, 40 units, 10 stacks of 40 cells of which 2 are read, 3 actions, a vocabulary of 4, Adam.
Step stack_rnn() {
  const int64_t words = 4;
  const auto model = std::make_shared<StackRnn>(
      StackRnnOptions{.input_size = words, .hidden_size = 40, .stacks = 10, .capacity = 40, .recurrent = true});
  const auto output = std::make_shared<Linear>(40, words);
  std::vector<Tensor> all = parameters(*model);
  for (const Tensor& p : parameters(*output)) all.push_back(p);
  const Tensor ids = randint({16, 41}, 0, words, default_generator());
  const Tensor x = to(eq(unsqueeze(slice(ids, 1, 0, 40), 2), from(std::vector<int64_t>{0, 1, 2, 3}, {4})), f32);
  const Tensor target = contiguous(slice(ids, 1, 1));
  return train_step(std::make_shared<Adam>(all, AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*output)((*model)(x).output), target); });
}

// The SNAIL of examples/bandit: 10 pulls of 5 arms, 7 -> 16, two TCBlocks of 16, attention of 16 keys and values, Adam.
Step snail() {
  const int64_t arms = 5, pulls = 10, hidden = 16;
  const auto model = std::make_shared<Snail>(
      SnailOptions{.input_size = arms + 2,
                   .embed_dim = hidden,
                   .output_size = arms,
                   .steps = pulls,
                   .blocks = {{.filters = hidden}, {.filters = hidden}, {.key_size = hidden, .value_size = hidden}}});
  const Tensor x = rand({16, pulls, arms + 2});
  const Tensor pulled = randint({16, pulls}, 0, arms, default_generator());
  return train_step(std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*model)(x), pulled); });
}

// DRAW with attention: 28 x 28 pixels, 8 steps, windows of 5 x 5 that read and write, LSTMs 256, 10 latents, Adam.
Step draw() {
  const auto model = std::make_shared<Draw>(DrawOptions{.glimpses = 8, .read_size = 5, .latent_size = 10});
  const auto adam = std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3});
  const Tensor x = bernoulli({32, 28, 28}, 0.2);
  return train_step(adam, [=] {
    const auto [reconstruction, latent] = model->loss(x, default_generator());
    return mean(reconstruction) + mean(latent);
  });
}

// 6 glimpses of 8 x 8 on images of 28 x 28: 64 and 2 -> 128 -> 256, core 256, 10 classes, Adam.
Step ram() {
  const auto model = std::make_shared<RecurrentAttentionModel>(RamOptions{});
  const Tensor images = rand({32, 1, 28, 28}), labels = randint({32}, 0, 10, default_generator());
  return train_step(std::make_shared<Adam>(parameters(*model), AdamOptions{.lr = 1e-3}),
                    [=] { return ram_loss((*model)(images, default_generator()), labels); });
}

// The spatial transformer of examples/distorted: half of the image through two convolutions and a layer of 32 finds an
// affine transformation; what is sampled goes through two convolutions of 32 filters and a layer of 128. Adam.
Step spatial_transformer() {
  const auto conv = [](int64_t in, int64_t out, int64_t kernel, int64_t padding) {
    return Conv2d({.in_channels = in, .out_channels = out, .kernel = kernel, .padding = padding});
  };
  const auto flat = [](const Tensor& x) { return flatten(x, 1); };
  const auto rectify = [](const Tensor& x) { return relu(x); };
  const auto halve = [](const Tensor& x) { return relu(max_pool2d(x, 2)); };
  Sequential locator([](const Tensor& x) { return avg_pool2d(x, 2); }, conv(1, 16, 5, 2), halve, conv(16, 32, 3, 0),
                     rectify, flat, Linear(800, 32), rectify);
  const auto transformer =
      std::make_shared<SpatialTransformer<decltype(locator)>>(std::move(locator), 32, Affine({.size = 28}));
  Sequential layers(conv(1, 32, 5, 0), halve, conv(32, 32, 5, 0), halve, flat, Linear(512, 128), rectify,
                    Linear(128, 10));
  const auto classifier = std::make_shared<decltype(layers)>(std::move(layers));
  std::vector<Tensor> all = parameters(*transformer);
  for (const Tensor& p : parameters(*classifier)) all.push_back(p);
  const Tensor x = rand({128, 1, 28, 28});
  const Tensor labels = randint({128}, 0, 10, default_generator());
  return train_step(std::make_shared<Adam>(all, AdamOptions{.lr = 1e-3}),
                    [=] { return cross_entropy((*classifier)((*transformer)(x)), labels); });
}

}  // namespace

std::vector<Workload> task_workloads() {
  return {
      {"ntm_copy_B1_L20", [] { return ntm_copy(1); }},
      {"ntm_copy_B16_L20", [] { return ntm_copy(16); }},
      {"seq2seq_attn_B32_S20_T20_H128_V1000", seq2seq},
      {"mlp_784_256_10_B64", mlp},
      {"pointer_sort_B64_N10_H128", pointer_sort},
      {"memn2n_B32_M50_d20_hops3", memn2n},
      {"stack_rnn_B16_T40_H40", stack_rnn},
      {"snail_B16_N10_K5", snail},
      {"draw_B32_T8_step", draw},
      {"ram_mnist_B32_6glimpses", ram},
      {"spatial_transformer_B128_28x28", spatial_transformer},
  };
}

}  // namespace fovea::bench
