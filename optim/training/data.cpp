#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/optim/training/data.h>

#include <algorithm>
#include <numeric>

namespace fovea {
namespace {

template <class T>
void shuffle_in_place(std::vector<T>& list, Generator& generator) {
  for (size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1], list[static_cast<size_t>(generator.randint(0, static_cast<int64_t>(i)))]);
}

void check_index(std::string_view who, int64_t index, int64_t size) {
  if (index < 0 || index >= size) throw IndexError(fmt::format("{}: item {}; need 0 to {}", who, index, size - 1));
}

int64_t length_of(const Tensor& x) { return x.dim() == 0 ? 1 : x.size(0); }

std::vector<int64_t> lengths_of(const Example& item) {
  std::vector<int64_t> lengths;
  for (const Tensor& field : item) lengths.push_back(length_of(field));
  return lengths;
}

// Unless all but the length is that of the first item.
void check_alike(size_t field, const Tensor& first, const Tensor& other) {
  const auto tail = [](const Tensor& x) {
    Shape shape = x.shape();
    if (shape.rank() > 0) shape.erase(0);
    return shape;
  };
  const std::string both = fmt::format("field {}: items are {} and {}", field, describe(first), describe(other));
  if (first.dtype() != other.dtype()) throw DTypeError(fmt::format("collate: {}; need one type", both));
  if (first.dim() != other.dim() || tail(first) != tail(other))
    throw ShapeError(fmt::format("collate: {}; only the first dimension may differ", both));
}

// One field of all items: [B, longest, ...].
Tensor stacked(const std::vector<Example>& items, size_t field, double padding) {
  const Tensor& first = items.front()[field];
  Shape shape = first.shape();
  for (const Example& item : items) {
    check_alike(field, first, item[field]);
    if (shape.rank() > 0) shape[0] = std::max(shape[0], item[field].size(0));
  }
  shape.insert(0, static_cast<int64_t>(items.size()));
  Tensor all = full(shape, padding, first.dtype());
  for (size_t b = 0; b < items.size(); ++b) {
    Tensor row = array::select(all, 0, static_cast<int64_t>(b));
    if (row.dim() > 0) row = array::slice(row, 0, 0, items[b][field].size(0), 1);
    array::copy(row, items[b][field]);
  }
  return all;
}

}  // namespace

Example ListDataset::item(int64_t index) const {
  check_index("ListDataset", index, size());
  return items_[static_cast<size_t>(index)];
}

TensorDataset::TensorDataset(std::vector<Tensor> fields) : fields_(std::move(fields)) {
  for (const Tensor& field : fields_)
    if (field.dim() == 0 || field.size(0) != fields_.front().size(0))
      throw ShapeError(fmt::format("TensorDataset: fields are {} and {}; need as many rows in each",
                                   describe(fields_.front()), describe(field)));
}

int64_t TensorDataset::size() const { return fields_.empty() ? 0 : fields_.front().size(0); }

Example TensorDataset::item(int64_t index) const {
  check_index("TensorDataset", index, size());
  Example item;
  for (const Tensor& field : fields_) item.push_back(array::select(field, 0, index));
  return item;
}

int64_t Batch::size() const { return fields.empty() ? 0 : fields.front().size(0); }

Tensor Batch::mask(size_t field) const {
  if (field >= fields.size() || field >= lengths.size())
    throw IndexError(fmt::format("Batch: mask of field {}; there are {} fields and {} lengths", field, fields.size(),
                                 lengths.size()));
  const Tensor& x = fields[field];
  return lt(unsqueeze(arange(x.dim() < 2 ? 1 : x.size(1)), 0), unsqueeze(lengths[field], 1));
}

Batch Batch::rows(int64_t begin, int64_t end) const {
  Batch part;
  for (const Tensor& field : fields) part.fields.push_back(array::slice(field, 0, begin, end));
  for (const Tensor& length : lengths) part.lengths.push_back(array::slice(length, 0, begin, end));
  return part;
}

Batch collate(const std::vector<Example>& items, const std::vector<double>& padding) {
  if (items.empty()) throw ValueError("collate: no items; need at least 1");
  const size_t fields = items.front().size();
  Batch batch;
  for (const Example& item : items)
    if (item.size() != fields)
      throw ShapeError(fmt::format("collate: items of {} and of {} fields; need as many", fields, item.size()));
  for (size_t k = 0; k < fields; ++k) {
    std::vector<int64_t> lengths;
    for (const Example& item : items) lengths.push_back(length_of(item[k]));
    batch.fields.push_back(stacked(items, k, k < padding.size() ? padding[k] : 0));
    batch.lengths.push_back(from(lengths, {static_cast<int64_t>(items.size())}));
  }
  return batch;
}

Batches::Batches(const Dataset& data, BatchesOptions options, const Generator& generator)
    : data_(data), options_(std::move(options)), generator_(generator) {
#ifdef FOVEA_ONE_THREAD
  if (options_.workers > 0) throw ValueError("Batches: workers in a build without threads; need 0");
#endif
  if (options_.workers < 0) throw ValueError(fmt::format("Batches: {} workers; need 0 or more", options_.workers));
  if (data.size() < 1 || options_.batch < 1 || options_.pool < 0)
    throw ValueError(fmt::format("Batches: {} items in batches of {}, pools of {}; need at least 1, 1 and 0",
                                 data.size(), options_.batch, options_.pool));
}

int64_t Batches::epoch_size() const { return (data_.size() + options_.batch - 1) / options_.batch; }

void Batches::arrange(int64_t epoch) {
  Generator generator = generator_.fork(static_cast<uint64_t>(epoch));
  std::vector<int64_t> all(static_cast<size_t>(data_.size()));
  std::iota(all.begin(), all.end(), int64_t{0});
  if (options_.shuffle) shuffle_in_place(all, generator);
  const auto at = [&](size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(std::min(i, all.size())); };
  const auto batch = static_cast<size_t>(options_.batch), pool = static_cast<size_t>(options_.pool) * batch;
  if (pool > 0) {
    std::vector<std::vector<int64_t>> keys;
    for (int64_t i = 0; i < data_.size(); ++i) keys.push_back(lengths_of(data_.item(i)));
    const auto key = [&](int64_t i) -> const auto& { return keys[static_cast<size_t>(i)]; };
    for (size_t first = 0; first < all.size(); first += pool)
      std::stable_sort(at(first), at(first + pool), [&](int64_t a, int64_t b) { return key(a) < key(b); });
  }
  order_.clear();
  for (size_t i = 0; i < all.size(); i += batch) order_.emplace_back(at(i), at(i + batch));
  if (options_.shuffle && pool > 0) shuffle_in_place(order_, generator);
  epoch_ = epoch;
}

const std::vector<int64_t>& Batches::items_at(int64_t position) {
  const int64_t epoch = position / epoch_size();
  if (epoch != epoch_) arrange(epoch);
  return order_[static_cast<size_t>(position % epoch_size())];
}

Batch Batches::next() {
  const auto read = [&data = data_, padding = options_.padding](const std::vector<int64_t>& positions) {
    std::vector<Example> items;
    for (const int64_t i : positions) items.push_back(data.item(i));
    return collate(items, padding);
  };
  if (options_.workers == 0) {
    const std::vector<int64_t>& items = items_at(position_++);
    return read(items);
  }
  for (auto waiting = static_cast<int64_t>(ahead_.size()); waiting < options_.workers; ++waiting)
    ahead_.push_back(std::async(std::launch::async, read, items_at(position_ + waiting)));
  std::future<Batch> first = std::move(ahead_.front());
  ahead_.pop_front();
  ++position_;
  return first.get();
}

SavedState Batches::saved_state() const {
  SavedState saved = saved_generator(generator_);
  FieldWriter write(saved.metadata, "batches");
  int64_t items = data_.size(), batch = options_.batch, position = position_;
  write("items", items)("batch", batch)("position", position);
  return saved;
}

std::function<void()> Batches::prepare_load(const SavedState& saved) {
  int64_t items = 0, batch = 0, position = 0;
  FieldReader(saved.metadata, "batches")("items", items)("batch", batch)("position", position);
  if (items != data_.size() || batch != options_.batch || position < 0)
    throw FileError(fmt::format("batches: saved were {} items in batches of {} at {}; here are {} in batches of {}",
                                items, batch, position, data_.size(), options_.batch));
  return [this, position, generator = prepare_generator(generator_, saved)] {
    generator();
    position_ = position;
    epoch_ = -1;
    ahead_.clear();  // waits for them
  };
}

}  // namespace fovea
