// Data in batches.
//
//   Dataset     a size, and item i: a few tensors, its fields
//   Batches     a Dataset's items, batch after batch and epoch after epoch, without end
//   Generated   data that are drawn, without end: each batch from a generator
//
// The order of Batches in epoch e comes from generator.fork(e) alone: items are shuffled; with `pool` > 0, pools of so
// many batches are sorted by the lengths of their items, so that rows of a batch need little padding, and the batches
// are shuffled. The position is what a checkpoint holds, so a resumed run gets the batches that it would have got.
// Rows of unlike length (their first dimension) are filled up:
//
//   items                [T_b, ...] each             fields[k]    [B, max T, ...], padded with padding[k], else 0
//                        [] each                     fields[k]    [B]
//   lengths[k]           i64 [B]: T_b, 1 for []      mask(k)      bool [B, max T], true where the row has its own
//
// With `workers` so many threads read the items of the next batches, one each, and collate them while the caller
// trains; batches, their order and errors are the same as without. A Dataset's item() must then allow calls from
// several threads at once, as those here do.
//
// Errors: ShapeError and DTypeError for items that differ in more than their length; IndexError for an item outside;
// ValueError for no items and options out of range; FileError for a state of other data. Cost: collate copies each item
// once. Threads: used from one; `workers` is a ValueError in a build without threads.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>
#include <fovea/optim/saved_state.h>

#include <deque>
#include <future>

namespace fovea {

using Example = std::vector<Tensor>;  // the fields of one item

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual Example item(int64_t index) const = 0;
};

// Items as they stand.
class ListDataset final : public Dataset {
 public:
  explicit ListDataset(std::vector<Example> items) : items_(std::move(items)) {}
  int64_t size() const override { return static_cast<int64_t>(items_.size()); }
  Example item(int64_t index) const override;

 private:
  std::vector<Example> items_;
};

// Item i is row i of every tensor.
class TensorDataset final : public Dataset {
 public:
  explicit TensorDataset(std::vector<Tensor> fields);
  int64_t size() const override;
  Example item(int64_t index) const override;

 private:
  std::vector<Tensor> fields_;
};

struct Batch {
  std::vector<Tensor> fields{};
  std::vector<Tensor> lengths{};
  int64_t size() const;
  Tensor mask(size_t field) const;
  Batch rows(int64_t begin, int64_t end) const;  // padded as the whole
};

Batch collate(const std::vector<Example>& items, const std::vector<double>& padding = {});

struct BatchesOptions {
  int64_t batch = 32;
  bool shuffle = true;
  int64_t pool = 0;               // batches that are sorted by length together; 0: none
  std::vector<double> padding{};  // a number a field
  int64_t workers = 0;            // threads that read ahead
};

class Batches final : public Saveable {
 public:
  // Refers to the data. Waits, when it is destroyed, for what is being read.
  Batches(const Dataset& data, BatchesOptions options, const Generator& generator = Generator());
  Batch next();
  int64_t epoch_size() const;                     // batches; the last may be smaller
  int64_t position() const { return position_; }  // batches given so far

  SavedState saved_state() const override;
  std::function<void()> prepare_load(const SavedState& saved) override;

 private:
  void arrange(int64_t epoch);
  const std::vector<int64_t>& items_at(int64_t position);
  const Dataset& data_;
  BatchesOptions options_;
  Generator generator_;
  int64_t position_ = 0, epoch_ = -1;
  std::vector<std::vector<int64_t>> order_{};  // of this epoch: items by batch
  std::deque<std::future<Batch>> ahead_{};     // of the workers: the next batches, from position_ on
};

template <class T>
class Generated final : public Saveable {
 public:
  using Make = std::function<T(Generator&)>;
  Generated(const Generator& generator, Make make) : generator_(generator), make_(std::move(make)) {}
  T next() { return make_(generator_); }

  SavedState saved_state() const override { return saved_generator(generator_); }
  std::function<void()> prepare_load(const SavedState& saved) override { return prepare_generator(generator_, saved); }

 private:
  Generator generator_;
  Make make_;
};

}  // namespace fovea
