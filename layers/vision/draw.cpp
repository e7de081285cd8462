#include <fovea/layers/vision/draw.h>

namespace fovea {
namespace {

const DrawOptions& checked(const DrawOptions& o) {
  check_sizes("Draw", {{"height", o.height}, {"width", o.width}, {"glimpses", o.glimpses}});
  check_sizes("Draw", {{"read_size", o.read_size}, {"write_size", o.write_size}});
  check_sizes("Draw", {{"hidden_size", o.hidden_size}, {"latent_size", o.latent_size}});
  return o;
}
int64_t read_width(const DrawOptions& o) { return 2 * (o.attention ? o.read_size * o.read_size : o.height * o.width); }
int64_t write_width(const DrawOptions& o) { return o.attention ? o.write_size * o.write_size : o.height * o.width; }

}  // namespace

Draw::Draw(const DrawOptions& o, Generator& generator)
    : canvas(zeros({checked(o).height, o.width})),
      options_(o),
      encoder_(make_cell(o.cell, {read_width(o) + o.hidden_size, o.hidden_size}, generator)),
      decoder_(make_cell(o.cell, {o.latent_size, o.hidden_size}, generator)),
      latent_(o.hidden_size, 2 * o.latent_size, true, generator),
      patch_(o.hidden_size, write_width(o), true, generator) {
  if (o.attention) {
    reader_.emplace(o, o.read_size, generator);
    writer_.emplace(o, o.write_size, generator);
  }
}

void Draw::members(Members& m) {
  m("canvas", canvas)("encoder", encoder_)("decoder", decoder_)("latent", latent_)("patch", patch_);
  m("reader", reader_)("writer", writer_);
}

Draw::State Draw::initial_state(int64_t batch) const {
  return {.encoder = encoder_->initial_state(batch),
          .decoder = decoder_->initial_state(batch),
          .canvas = expand(canvas, {batch, options_.height, options_.width}),
          .latent_loss = zeros({batch}, canvas->dtype())};
}

Tensor Draw::read(const Tensor& x, const Tensor& error, State& state) const {
  if (!reader_) return cat({flatten(x, 1), flatten(error, 1)}, 1);  // (14) [B, 2 H W]
  state.read_window = (*reader_)(state.decoder.hidden);             // (9), (10) [B, 5]
  const Tensor seen = Crops()(reader_->filters(state.read_window), stack({x, error}, 1));
  return flatten(seen, 1) * DrawWindow::intensity(state.read_window);  // (12) [B, 2 N²]
}

Tensor Draw::write(const Tensor& hidden, State& state) const {
  const int64_t B = hidden.size(0), N = options_.write_size;
  const Tensor patch = patch_(hidden);                                        // w [B, N²]
  if (!writer_) return reshape(patch, {B, options_.height, options_.width});  // (14) [B, H, W]
  state.write_window = (*writer_)(hidden);                                    // (9), (10) [B, 5]
  const Tensor w = reshape(patch / DrawWindow::intensity(state.write_window), {B, 1, 1, N, N});
  const Tensor written = Crops().write(writer_->filters(state.write_window), w);
  return reshape(written, {B, options_.height, options_.width});  // (13) [B, H, W]
}

Draw::State Draw::operator()(const Tensor& x, Generator& generator, std::vector<State>* trace) const {
  if (!x.defined() || x.dim() != 3) check_step(x, {});
  const SharedWeights shared;
  State state = initial_state(x.size(0));
  if (trace != nullptr) trace->clear();
  for (int64_t t = 0; t < options_.glimpses; ++t) {
    state = step(x, state, generator).state;
    if (trace != nullptr) trace->push_back(detach(state));
  }
  return state;
}

Tensor Draw::generate(int64_t batch, Generator& generator, std::vector<State>* trace) const {
  check_sizes("Draw::generate", {{"batch", batch}});
  State state = initial_state(batch);
  if (trace != nullptr) trace->clear();
  for (int64_t t = 0; t < options_.glimpses; ++t) {
    state = decode(normal({batch, options_.latent_size}, 0, 1, generator, canvas->dtype()), std::move(state)).state;
    if (trace != nullptr) trace->push_back(detach(state));
  }
  return sigmoid(state.canvas);
}

void Draw::check_step(const Tensor& x, const State& state) const {
  const int64_t H = options_.height, W = options_.width;
  if (!x.defined() || x.dim() != 3 || x.size(1) != H || x.size(2) != W || !state.canvas.defined() ||
      state.canvas.shape() != x.shape())
    throw ShapeError(place(*this, "Draw") + ": x is " + describe(x) + ", the canvas " + describe(state.canvas) +
                     "; need [B, " + std::to_string(H) + ", " + std::to_string(W) + "] and initial_state(B)");
}

}  // namespace fovea
