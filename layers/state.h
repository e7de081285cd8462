// State: what a recurrent thing carries from step to step. It lists its tensors once,
//
//   struct Pair {
//     Tensor hidden, memory;                                       // [B, H], [B, N, M]
//     std::vector<Pair> below;
//     int64_t offset = 0;
//     template <class Visit>
//     void tensors(Visit&& visit) {
//       visit("hidden", hidden, 0), visit("memory", memory, 0);    // name, tensor, dimension of the batch
//       visit("below", below), visit("offset", offset);            // states inside it, lists of them, counters
//     }
//   };
//
// and from that list come the functions below: rows of a beam, truncated backpropagation, padding, pictures, files.
// What is undefined is skipped. A std::vector of states is a state too. Names join with dots: "below.0.hidden". Walking
// a state allocates nothing.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <fovea/core/safetensors.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fovea {

// Where a tensor stands in a state: a chain on the stack, put together only where somebody reads it.
struct StateName {
  const StateName* outer;
  std::string_view own;
  int64_t index = -1;  // in a list
  std::string str() const {
    const std::string above = outer != nullptr ? outer->str() : "",
                      last = index < 0 ? std::string(own) : std::to_string(index);
    return above.empty() || last.empty() ? above + last : above + "." + last;
  }
};

namespace detail {

// What State::tensors is called with. Calls body(name, Tensor&, batch dimension), and body(name, int64_t&) for counters
// where it can be called so.
template <class Body>
struct StateWalk {
  Body& body;
  const StateName* outer = nullptr;

  void operator()(std::string_view name, Tensor& x, int64_t batch_dim) const {
    body(StateName{outer, name}, x, batch_dim);
  }
  void operator()(std::string_view name, int64_t& counter) const {
    if constexpr (std::is_invocable_v<Body&, const StateName&, int64_t&>) body(StateName{outer, name}, counter);
  }
  template <class S>
  void operator()(std::string_view name, S& inner) const {
    const StateName here{outer, name};
    inner.tensors(StateWalk{body, &here});
  }
  template <class S>
  void operator()(std::string_view name, std::vector<S>& list) const {
    const StateName here{outer, name};
    for (size_t i = 0; i < list.size(); ++i) {
      const StateName each{&here, {}, static_cast<int64_t>(i)};
      list[i].tensors(StateWalk{body, &each});
    }
  }
};

template <class S, class Body>
void walk_state(S& state, Body& body) {
  StateWalk<Body>{body}("", state);
}

}  // namespace detail

// body(const StateName&, Tensor&, int64_t batch_dim) for every tensor there is, in the order of the list.
template <class S, class Body>
void for_each_tensor(S& state, Body&& body) {
  const auto defined = [&](const StateName& name, Tensor& x, int64_t batch_dim) {
    if (x.defined()) body(name, x, batch_dim);
  };
  detail::walk_state(state, defined);
}

// Row r becomes what row rows[r] was; `rows` i64 [R] may name a row twice or not at all.
template <class S>
void reorder(S& state, const Tensor& rows) {
  for_each_tensor(state, [&](const StateName&, Tensor& x, int64_t dim) { x = index_select(x, dim, rows); });
}

// Those rows, beside the state.
template <class S>
S select_rows(S state, const Tensor& rows) {
  reorder(state, rows);
  return state;
}

// The same values off the tape, to carry a state from one batch to the next (truncated backpropagation).
template <class S>
S detach(S state) {
  for_each_tensor(state, [](const StateName&, Tensor& x, int64_t) { x = x.detach(); });
  return state;
}

// Padding: where `mask`, bool [B], is false a row stays what it was in `before`. Both list the same tensors; one that
// was not there before, or is new at the end of the list, stays as it is.
template <class S>
void keep_where_false(const Tensor& mask, S before, S& state) {
  std::vector<Tensor> old;
  const auto collect = [&](const StateName&, Tensor& x, int64_t) { old.push_back(x); };
  detail::walk_state(before, collect);
  size_t next = 0;
  const auto keep = [&](const StateName&, Tensor& x, int64_t dim) {
    const Tensor was = next < old.size() ? old[next++] : Tensor();
    if (!x.defined() || !was.defined() || x.is_same(was)) return;
    Shape shape = Shape::filled(static_cast<int>(x.dim()), 1);
    shape[static_cast<int>(dim)] = mask.size(0);
    x = where(reshape(mask, shape), x, was);
  };
  detail::walk_state(state, keep);
}

// By name, for pictures and files; a counter is an i64 scalar. The tensors are off the tape and alias the state.
template <class S>
NamedTensors named_tensors(S state) {
  struct {
    NamedTensors found;
    void operator()(const StateName& name, Tensor& x, int64_t) {
      if (x.defined()) found.emplace_back(name.str(), x.detach());
    }
    void operator()(const StateName& name, int64_t& counter) {
      found.emplace_back(name.str(), scalar(static_cast<double>(counter), i64));
    }
  } collect;
  detail::walk_state(state, collect);
  return std::move(collect.found);
}

// The opposite, for a state that has as many parts: what has no value becomes undefined. FileError for a counter
// without one and for a name that the state does not list; then `state` is unchanged.
template <class S>
void load_tensors(S& state, const NamedTensors& values) {
  struct {
    const NamedTensors& values;
    size_t used = 0;
    Tensor find(const std::string& name) {
      for (const auto& [own, value] : values)
        if (own == name) return ++used, clone(value.detach());
      return {};
    }
    void operator()(const StateName& name, Tensor& x, int64_t) { x = find(name.str()); }
    void operator()(const StateName& name, int64_t& counter) {
      const Tensor value = find(name.str());
      if (!value.defined()) throw FileError("state: the counter " + name.str() + " is missing");
      counter = value.template item<int64_t>();
    }
  } put{values};
  S loaded = state;
  detail::walk_state(loaded, put);
  if (put.used != values.size())
    throw FileError("state: " + std::to_string(values.size() - put.used) + " of the tensors given belong to no part");
  state = std::move(loaded);
}

}  // namespace fovea
