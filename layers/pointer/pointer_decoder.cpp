#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/init.h>
#include <fovea/layers/pointer/pointer_decoder.h>

#include <limits>

namespace fovea {
namespace {

void check_source(const PointerSource& s, const PointerOptions& o) {
  const bool ranks = s.items.defined() && s.encoded.defined() && s.items.dim() == 3 && s.encoded.dim() == 3;
  if (!ranks || s.items.size(2) != o.input_size || s.encoded.size(2) != o.hidden_size ||
      s.items.size(0) != s.encoded.size(0) || s.items.size(1) != s.encoded.size(1))
    throw ShapeError(fmt::format("PointerDecoder: items {}, encoded {}; need items[B, T, {}], encoded[B, T, {}]",
                                 describe(s.items), describe(s.encoded), o.input_size, o.hidden_size));
}

void check_answers(const Tensor& answers, int64_t batch, int64_t slots) {
  if (!answers.defined() || answers.dtype() != i64 || answers.dim() != 2 || answers.size(0) != batch ||
      answers.size(1) < 1)
    throw ShapeError(
        fmt::format("PointerDecoder: answers are {}; need i64 [{}, U] with U >= 1", describe(answers), batch));
  if (any(ge(answers, scalar(static_cast<double>(slots), i64))))
    throw IndexError(fmt::format("PointerDecoder: an answer is {}; there are {} slots, 0 to {}",
                                 max(to(answers, f64)).item<int64_t>(), slots, slots - 1));
}

// Row b, item ids[b, u]: items [B, T, E], ids [B, U] in [0, T) -> [B, U, E].
Tensor items_at(const Tensor& items, const Tensor& ids) {
  const int64_t B = items.size(0), T = items.size(1), E = items.size(2);
  const Tensor offset = unsqueeze(arange(0, B * T, T), 1);  // [B, 1]
  return reshape(index_select(reshape(items, {B * T, E}), 0, reshape(ids + offset, {-1})), {B, ids.size(1), E});
}

Tensor expanded(const Tensor& vector, int64_t batch) { return expand(vector, {batch, 1, vector.size(0)}); }

// The ids that name an item, and 0 in place of the others, which are no input.
Tensor named_ids(const Tensor& ids, int64_t items) {
  const Tensor none = scalar(0, i64), count = scalar(static_cast<double>(items), i64);
  return where(logical_and(ge(ids, none), lt(ids, count)), ids, none);
}

// 1 where ids [..] name an item, [.., T].
Tensor named(const Tensor& ids, int64_t items) {
  const Tensor end = scalar(static_cast<double>(items), i64);
  const Tensor safe = where(ge(ids, scalar(0, i64)), ids, end);
  return slice(one_hot(safe, items + 1), -1, 0, items);
}

// bool [.., T] -> [.., T + 1]: the stop slot is always allowed.
Tensor with_stop(const Tensor& mask) {
  Shape shape = mask.shape();
  shape[shape.rank() - 1] = 1;
  return cat({mask, ones(shape, boolean)}, -1);
}

// Without a stop slot an answer ends, and ends only, when all items were named; log_p [R, T], over bool [R] ->
// [R, T + 1].
Tensor with_end(const Tensor& log_p, const Tensor& over) {
  const Tensor never = scalar(-std::numeric_limits<double>::infinity(), log_p.dtype()), ended = unsqueeze(over, 1);
  return cat({where(ended, never, log_p), where(ended, scalar(0, log_p.dtype()), never)}, 1);
}

}  // namespace

// What the searches step through, and its step.
struct PointerDecoder::Steps {
  Tensor items;
  State state;  // [1, R, H] each
  Keys keys;
  Tensor visited;  // [R, T], above 0 where an item was chosen
  Tensor lengths;
  int64_t offset = 0;  // steps made
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("items", items, 0), visit("hidden", state.hidden, 1), visit("cell", state.cell, 1);
    visit("pointed", keys.pointed), visit("glimpsed", keys.glimpsed);
    visit("visited", visited, 0), visit("lengths", lengths, 0), visit("offset", offset);
  }
};

Tensor PointerDecoder::step(const Tensor& last, Steps& s) const {
  const int64_t T = s.items.size(1);
  Tensor x = expanded(start_, s.items.size(0));
  if (s.offset > 0) {
    s.visited = s.visited + named(last, T);
    x = items_at(s.items, unsqueeze(named_ids(last, T), 1));
  }
  const RecurrentOutput d = lstm_(x, s.state);  // (1) [R, 1, H]
  s.state = d.state;
  Tensor mask;
  if (!options_.revisit) mask = unsqueeze(lt(s.visited, scalar(0.5)), 1);
  if (mask.defined() && options_.stop) mask = with_stop(mask);
  const Tensor log_p = select(point(d.output, s.keys, mask).log_weights, 1, 0);  // [R, S]
  ++s.offset;
  return options_.stop ? log_p : with_end(log_p, lt(s.lengths, scalar(static_cast<double>(s.offset), i64)));
}

PointerDecoder::PointerDecoder(const PointerOptions& o, Generator& generator)
    : options_(o),
      lstm_({.input_size = o.input_size, .hidden_size = o.hidden_size}, generator),
      start_(init::uniform_fan({o.input_size}, o.input_size, generator)),
      pointer_(AdditiveScore(o.glimpse ? 2 * o.hidden_size : o.hidden_size, o.hidden_size, o.hidden_size, generator)) {
  if (o.stop) stop_ = Parameter(init::uniform_fan({o.hidden_size}, o.hidden_size, generator));
  if (o.glimpse) glimpse_.emplace(AdditiveScore(o.hidden_size, o.hidden_size, o.hidden_size, generator));
}

void PointerDecoder::members(Members& m) {
  m("lstm", lstm_)("start", start_)("stop", stop_)("glimpse", glimpse_)("pointer", pointer_);
}

PointerDecoder::Keys PointerDecoder::keys(const PointerSource& source) const {
  check_source(source, options_);
  Tensor encoded = source.encoded, mask;
  if (source.lengths.defined()) mask = padding_mask(source.lengths, encoded.size(1));
  if (options_.stop) {
    encoded = cat({encoded, expanded(stop_, encoded.size(0))}, 1);  // e_j [B, S, H]
    if (mask.defined()) mask = with_stop(mask);
  }
  // Steps bring masks: a mask from the start contains what is not finite once and not at every step.
  if (!mask.defined() && !options_.revisit) mask = ones({encoded.size(0), 1, encoded.size(1)}, boolean);
  return {pointer_.prepare(encoded, {}, mask), glimpse_ ? glimpse_->prepare(encoded, {}, mask) : AttentionMemory{}};
}

LogWeights PointerDecoder::operator()(const PointerSource& source, const Tensor& answers) const {
  const Keys prepared = keys(source);
  const int64_t B = source.items.size(0), T = source.items.size(1), U = answers.defined() ? answers.size(-1) : 0;
  check_answers(answers, B, options_.stop ? T + 1 : T);
  Tensor x = expanded(start_, B);
  if (U > 1) x = cat({x, items_at(source.items, named_ids(slice(answers, 1, 0, U - 1), T))}, 1);  // [B, U, E]
  const Tensor d = lstm_(x, source.state).output;                                                 // (1) [B, U, H]
  Tensor mask;
  if (!options_.revisit) {
    const Tensor chosen = named(answers, T);
    mask = lt(cumsum(chosen, 1) - chosen, scalar(0.5));  // not chosen before step i
    if (options_.stop) mask = with_stop(mask);
  }
  return point(d, prepared, mask);
}

std::unique_ptr<IncrementalDecoder> PointerDecoder::start(const PointerSource& source) const {
  const NoGrad quiet;
  Keys prepared = keys(source);
  const int64_t B = source.items.size(0), T = source.items.size(1);
  Steps steps{source.items, source.state, std::move(prepared), zeros({B, T}), source.lengths};
  if (!steps.lengths.defined()) steps.lengths = full({B}, static_cast<double>(T), i64);
  return make_decoder(std::move(steps), B, [this](const Tensor& last, Steps& s) { return step(last, s); });
}

Decoded PointerModel::greedy(const Tensor& points, const Tensor& lengths) const {
  const NoGrad quiet;
  const PointerSource source = read(points, lengths);
  const int64_t T = points.size(1);
  return fovea::greedy(*write.start(source), {.begin = T, .end = T, .max_length = T + 1});
}

Decoded PointerModel::beam_search(const Tensor& points, int64_t width, const Tensor& lengths) const {
  const NoGrad quiet;
  const PointerSource source = read(points, lengths);
  const int64_t T = points.size(1);
  return fovea::beam_search(*write.start(source), {.begin = T, .end = T, .max_length = T + 1},
                            {.width = width, .length_penalty = 0});
}

}  // namespace fovea
