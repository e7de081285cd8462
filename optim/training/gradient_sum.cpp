#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/core/kernels/elementwise.h>
#include <fovea/optim/training/gradient_sum.h>

#include <bit>

namespace fovea {
namespace {

std::span<std::byte> bytes_of(const Tensor& x, const GradientSum::Part& part) {
  const int64_t item = item_size(x.dtype());
  return std::span(static_cast<std::byte*>(x.raw()), static_cast<size_t>(x.numel() * item))
      .subspan(static_cast<size_t>(part.begin * item), static_cast<size_t>(part.size() * item));
}

void add_to(const Tensor& sum, const Tensor& other, const GradientSum::Part& part) {
  kernels::accumulate(sum.dtype(), part.size(), bytes_of(sum, part).data(), bytes_of(other, part).data());
}

std::span<const double> values(const Tensor& x) { return {x.data<double>(), static_cast<size_t>(x.numel())}; }

void require_powers_of_two(int64_t micro_batches, int64_t ranks) {
  const auto is_power = [](int64_t n) { return n > 0 && std::has_single_bit(static_cast<uint64_t>(n)); };
  if (is_power(micro_batches) && is_power(ranks) && ranks <= micro_batches) return;
  throw ValueError(fmt::format("{} micro-batches on {} ranks; need powers of two, and at least one micro-batch a rank",
                               micro_batches, ranks));
}

}  // namespace

GradientSum::GradientSum(std::vector<Tensor> parameters, int64_t micro_batches, Ranks& ranks, size_t numbers,
                         Options options)
    : parameters_(std::move(parameters)),
      ranks_(ranks),
      options_(options),
      levels_(0),
      bucket_of_(parameters_.size()),
      here_(parameters_.size()) {
  require_powers_of_two(micro_batches, ranks.count());
  count_ = micro_batches / ranks.count();
  first_ = ranks.rank() * count_;
  levels_ = std::countr_zero(static_cast<uint64_t>(count_));
  // From the last parameter, whose gradient comes first, to the first.
  std::vector<Slot> slots;
  int64_t size = 0;
  const auto close = [&](DType dtype) {
    if (slots.empty()) return;
    buckets_.push_back(bucket(size, dtype));
    buckets_.back().slots = std::exchange(slots, {});
    size = 0;
  };
  for (size_t i = parameters_.size(); i-- > 0;) {
    const Tensor& parameter = parameters_[i];
    if (i + 1 < parameters_.size() && parameters_[i + 1].dtype() != parameter.dtype())
      close(parameters_[i + 1].dtype());
    bucket_of_[i] = buckets_.size();
    slots.push_back({i, size, size + parameter.numel()});
    size += parameter.numel();
    if (size * item_size(parameter.dtype()) >= options_.bucket_bytes) close(parameter.dtype());
  }
  if (!parameters_.empty()) close(parameters_.front().dtype());
  buckets_.push_back(bucket(static_cast<int64_t>(numbers + parameters_.size()), f64));
}

GradientSum::Bucket GradientSum::bucket(int64_t size, DType dtype) const {
  Bucket made;
  made.fresh = zeros({size}, dtype);
  if (ranks_.count() > 1) made.theirs = zeros({size}, dtype);
  for (int64_t level = 0; level <= levels_; ++level) made.sums.push_back(zeros({size}, dtype));
  return made;
}

void GradientSum::begin() {
  added_ = 0;
  for (Bucket& each : buckets_) {
    each.turn = 0;
    each.sent = false;
  }
}

void GradientSum::add(const Tensor& loss, double factor, const std::vector<double>& numbers) {
  const NoGrad guard;
  for (Bucket& each : buckets_) each.missing = each.slots.size();
  here_.assign(here_.size(), false);
  for (Tensor& parameter : parameters_) parameter.set_grad(Tensor());
  if (loss.defined()) {
    const Tensor seed = full({}, factor, loss.dtype());
    if (options_.early && added_ + 1 == count_ && ranks_.count() > 1)
      backward({&loss, 1}, {&seed, 1}, parameters_, [this](size_t parameter) { ready(parameter); });
    else
      backward({&loss, 1}, {&seed, 1});
  }
  Bucket& last = buckets_.back();
  double* const to = last.fresh.data<double>();
  std::copy(numbers.begin(), numbers.end(), to);
  for (size_t i = 0; i < parameters_.size(); ++i)
    to[numbers.size() + i] = here_[i] || parameters_[i].grad().defined() ? 1 : 0;
  for (size_t i = parameters_.size(); i-- > 0;)
    if (!here_[i]) ready(i);
  complete(last);
  ++added_;
}

void GradientSum::ready(size_t parameter) {
  const NoGrad guard;
  Tensor& given = parameters_[parameter];
  Bucket& bucket = buckets_[bucket_of_[parameter]];
  for (const Slot& slot : bucket.slots) {
    if (slot.parameter != parameter) continue;
    const Tensor place = array::slice(bucket.fresh, 0, slot.begin, slot.end);
    if (given.grad().defined())
      array::copy(array::reshape(place, given.shape()), given.grad());
    else
      place.zero_();
  }
  given.set_grad(Tensor());
  here_[parameter] = true;
  if (--bucket.missing == 0) complete(bucket);
  for (size_t i = 0; i < buckets_.size(); ++i)
    if (buckets_[i].sent) advance(i, false);
}

// Adds to the rank's own tree, as one counts in binary: a full level is carried to the next.
void GradientSum::complete(Bucket& bucket) {
  size_t level = 0;
  for (; ((added_ >> level) & 1) != 0; ++level) add_to(bucket.fresh, bucket.sums[level], {0, bucket.fresh.numel()});
  std::swap(bucket.fresh, bucket.sums[level]);
  if (added_ + 1 < count_ || ranks_.count() == 1) return;
  bucket.sent = true;
  advance(static_cast<size_t>(&bucket - buckets_.data()), false);
}

// The part of a bucket that this rank sums up to this level, and the part that its partner there does.
GradientSum::Parts GradientSum::parts_at(int64_t size, int64_t level) const {
  Part mine{0, size}, theirs = mine;
  for (int64_t l = 0; l <= level; ++l) {
    const int64_t middle = mine.begin + mine.size() / 2;
    theirs = {middle, mine.end};
    mine.end = middle;
    if (((ranks_.rank() >> l) & 1) != 0) std::swap(mine, theirs);
  }
  return {mine, theirs};
}

// Through the levels between the ranks, as far as the partners are; true at the end. A large bucket goes up the levels
// in halves of halves, and down again whole.
bool GradientSum::advance(size_t number, bool wait) {
  Bucket& bucket = buckets_[number];
  const Tensor& sum = bucket.sums.back();
  const int64_t levels = std::countr_zero(static_cast<uint64_t>(ranks_.count())), size = sum.numel();
  const bool halves = bytes_of(sum, {0, size}).size() >= static_cast<size_t>(options_.halve_bytes);
  for (; bucket.turn < (halves ? 2 * levels : levels); ++bucket.turn) {
    const bool up = bucket.turn < levels;
    const int64_t level = up ? bucket.turn : 2 * levels - 1 - bucket.turn;
    const Parts parts = halves ? parts_at(size, level) : Parts{{0, size}, {0, size}};
    const Part sent = up ? parts.theirs : parts.mine, received = up ? parts.mine : parts.theirs;
    const Tensor& into = up ? bucket.theirs : sum;
    if (bucket.swap < 0)
      bucket.swap = ranks_.begin(ranks_.rank() ^ (int64_t{1} << level), static_cast<int64_t>(number) + 1,
                                 bytes_of(sum, sent), bytes_of(into, received));
    if (!ranks_.done(bucket.swap, wait)) return false;
    bucket.swap = -1;
    if (up) add_to(sum, bucket.theirs, received);
  }
  return true;
}

std::vector<double> GradientSum::finish() {
  const NoGrad guard;
  for (size_t i = 0; i < buckets_.size() && ranks_.count() > 1; ++i) {
    advance(i, true);
    for (size_t j = i + 1; j < buckets_.size(); ++j) advance(j, false);
  }
  const std::span<const double> sums = values(buckets_.back().sums.back());
  return {sums.begin(), sums.end() - static_cast<std::ptrdiff_t>(parameters_.size())};
}

void GradientSum::give(double scale) {
  const NoGrad guard;
  const std::span<const double> given = values(buckets_.back().sums.back()).last(parameters_.size());
  for (const Bucket& bucket : buckets_) {
    if (bucket.slots.empty()) continue;
    const Tensor& sum = bucket.sums.back();
    sum.mul_(scale);
    for (const Slot& slot : bucket.slots) {
      const Tensor& parameter = parameters_[slot.parameter];
      if (given[slot.parameter] != 0)
        parameter.set_grad(array::reshape(array::slice(sum, 0, slot.begin, slot.end), parameter.shape()));
    }
  }
}

}  // namespace fovea
