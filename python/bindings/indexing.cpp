// x[...] as in NumPy: ints, slices, None, Ellipsis, tensors of ids, bool masks, NumPy's arrays; x[...] = y.
// What holds no tensor is a view; ids and masks make a copy, and assigning to them writes those elements.
#include <fovea/autograd/mode.h>
#include <fovea/core/creation.h>

#include "common.h"

namespace fovea::python {
namespace {

// An index without tensors in it.
bool basic(nb::handle at, std::vector<Index>& list) {
  if (at.is_none())
    list.emplace_back(None);
  else if (at.ptr() == Py_Ellipsis)
    list.emplace_back(Ellipsis);
  else if (PySlice_Check(at.ptr())) {
    Py_ssize_t begin = 0, end = 0, step = 1;
    if (PySlice_Unpack(at.ptr(), &begin, &end, &step) != 0) nb::raise_python_error();
    if (step < 1) throw ValueError("slice: step " + std::to_string(step) + "; need at least 1 (flip(x, dim) turns it)");
    list.emplace_back(Slice(begin, end == PY_SSIZE_T_MAX ? std::numeric_limits<int64_t>::max() : end, step));
  } else if (!PyBool_Check(at.ptr()) && PyIndex_Check(at.ptr()) && PySequence_Check(at.ptr()) == 0) {
    const Py_ssize_t place = PyNumber_AsSsize_t(at.ptr(), PyExc_IndexError);
    if (place == -1 && PyErr_Occurred() != nullptr) nb::raise_python_error();
    list.emplace_back(static_cast<int64_t>(place));
  } else {
    return false;
  }
  return true;
}

// x[at], a view, for a list of any length: the library's operator takes one that is written out.
Tensor view(const Tensor& x, const std::vector<Index>& list) {
  switch (list.size()) {
    case 0:
      return x[{Ellipsis}];
    case 1:
      return x[list[0]];
    case 2:
      return x[{list[0], list[1]}];
    case 3:
      return x[{list[0], list[1], list[2]}];
    case 4:
      return x[{list[0], list[1], list[2], list[3]}];
    case 5:
      return x[{list[0], list[1], list[2], list[3], list[4]}];
    case 6:
      return x[{list[0], list[1], list[2], list[3], list[4], list[5]}];
    default:
      throw IndexError("x[...]: more than six entries; index in two steps");
  }
}

Tensor places(nb::handle at) {
  if (nb::isinstance<Tensor>(at)) return nb::cast<Tensor>(at);
  return nb::cast<Tensor>(nb::module_::import_("fovea._fovea").attr("tensor")(at));
}

// One tensor among basic entries: those before it become a view, of which the tensor picks along one dimension (ids) or
// several (a mask); those behind it apply to what is left.
struct Advanced {
  std::vector<Index> list;  // with a whole slice for each dimension that `picked` takes
  Tensor picked;
  int64_t dim = 0;  // of the view, where picked acts
};

Advanced split_up(const Tensor& x, const nb::tuple& parts) {
  Advanced found;
  std::vector<Index> before;
  int64_t given = 0;  // dimensions of x that entries other than an ellipsis take
  for (const nb::handle part : parts) {
    std::vector<Index> probe;
    if (basic(part, probe)) {
      given += probe[0].kind == Index::position || probe[0].kind == Index::slice ? 1 : 0;
      continue;
    }
    if (found.picked.defined()) throw IndexError("x[...]: one tensor of ids or mask at a time; got two");
    found.picked = places(part);
    given += found.picked.dtype() == boolean ? found.picked.dim() : 1;
  }
  bool passed = false;
  for (const nb::handle part : parts) {
    std::vector<Index> probe;
    if (basic(part, probe)) {
      if (probe[0].kind == Index::ellipsis) {
        const int64_t rest = x.dim() - given;
        for (int64_t i = 0; i < rest; ++i) found.list.emplace_back(Slice());
        found.dim += passed ? 0 : std::max<int64_t>(rest, 0);
      } else {
        found.list.push_back(probe[0]);
        found.dim += !passed && probe[0].kind != Index::position ? 1 : 0;
      }
      continue;
    }
    passed = true;
    const int64_t taken = found.picked.dtype() == boolean ? found.picked.dim() : 1;
    for (int64_t i = 0; i < taken; ++i) found.list.emplace_back(Slice());
  }
  return found;
}

// Where `mask` is true, as positions in the flattened dimensions it covers.
Tensor positions(const Tensor& mask) { return reshape(nonzero(reshape(mask, {-1})), {-1}); }

// With the dimensions [dim, dim + count) as one.
Tensor joined(const Tensor& x, int64_t dim, int64_t count) {
  return count == 1 ? x : count == 0 ? unsqueeze(x, dim) : flatten(x, dim, dim + count - 1);
}

void require_mask(const Tensor& x, int64_t dim, const Tensor& mask) {
  bool fits = dim + mask.dim() <= x.dim();
  for (int64_t i = 0; fits && i < mask.dim(); ++i) fits = mask.size(i) == x.size(dim + i);
  if (!fits) throw ShapeError("x[mask]: mask " + describe(mask) + " for " + describe(x) + "; need its first sizes");
}

Tensor pick(const Tensor& x, const Advanced& at) {
  const Tensor base = view(x, at.list);
  if (at.dim == 0) return base[at.picked];
  if (at.picked.dtype() == boolean) {
    require_mask(base, at.dim, at.picked);
    return index_select(joined(base, at.dim, at.picked.dim()), at.dim, positions(at.picked));
  }
  const Tensor y = index_select(base, at.dim, reshape(at.picked, {-1}));
  Shape shape;
  for (int i = 0; i < at.dim; ++i) shape.append(y.shape()[i]);
  for (const int64_t size : at.picked.shape()) shape.append(size);
  for (int i = static_cast<int>(at.dim) + 1; i < y.dim(); ++i) shape.append(y.shape()[i]);
  return reshape(y, shape);
}

// Writes y where pick would read.
void put(const Tensor& x, const Advanced& at, const Operand& y) {
  const NoGrad off;
  const Tensor base = view(x, at.list);
  const bool mask = at.picked.dtype() == boolean;
  if (mask) require_mask(base, at.dim, at.picked);
  Tensor ids = mask ? positions(at.picked) : reshape(at.picked, {-1});
  const int64_t covered = mask ? at.picked.dim() : 1;
  Shape wanted;
  for (int i = 0; i < at.dim; ++i) wanted.append(base.shape()[i]);
  if (mask)
    wanted.append(ids.numel());
  else
    for (const int64_t size : at.picked.shape()) wanted.append(size);
  for (int i = static_cast<int>(at.dim + covered); i < base.dim(); ++i) wanted.append(base.shape()[i]);
  Tensor source = empty(wanted, x.dtype());
  if (y.tensor != nullptr)
    source.copy_(*y.tensor);
  else
    source.fill_(y.number);
  const Tensor target = joined(base, at.dim, covered);
  Shape rows = target.shape();
  rows[static_cast<int>(at.dim)] = ids.numel();
  source = reshape(source, rows);
  // Where the covered dimensions lie apart in memory, joining them has made a copy, which goes back at the end.
  const bool copied = !target.shares_storage(x);
  for (int64_t i = 0; i < ids.numel(); ++i)
    select(target, at.dim, ids.at<int64_t>({i})).copy_(select(source, at.dim, i));
  if (copied) base.copy_(reshape(target, base.shape()));
}

nb::tuple entries(const nb::object& at) {
  return PyTuple_Check(at.ptr()) ? nb::borrow<nb::tuple>(at) : nb::make_tuple(at);
}

bool read(const nb::object& at, std::vector<Index>& list) {
  if (!PyTuple_Check(at.ptr())) return basic(at, list);
  for (const nb::handle part : nb::borrow<nb::tuple>(at))
    if (!basic(part, list)) return false;
  return true;
}

}  // namespace

void bind_indexing(nb::class_<Tensor>& t) {
  t.def(
      "__getitem__",
      [](const Tensor& x, const nb::object& at) -> Tensor {
        if (PyLong_CheckExact(at.ptr())) {
          const Py_ssize_t place = PyNumber_AsSsize_t(at.ptr(), PyExc_IndexError);
          if (place == -1 && PyErr_Occurred() != nullptr) nb::raise_python_error();
          return x[place];
        }
        std::vector<Index> list;
        if (read(at, list)) return view(x, list);
        if (!PyTuple_Check(at.ptr())) return x[places(at)];
        return pick(x, split_up(x, entries(at)));
      },
      "index"_a.none(), "A part of the tensor: a view, or a copy where ids or a mask choose.");
  t.def(
      "__setitem__",
      [](const Tensor& x, const nb::object& at, Operand y) {
        std::vector<Index> list;
        if (!read(at, list)) {
          if (grad_enabled() && (x.requires_grad() || (y.tensor != nullptr && y.tensor->requires_grad())))
            throw AutogradError("x[...] = y: the tape cannot record a write; write under no_grad, or out of place");
          return put(x, split_up(x, entries(at)), y);
        }
        if (y.tensor != nullptr)
          view(x, list) = *y.tensor;
        else
          view(x, list) = y.number;
      },
      "index"_a.none(), "value"_a, "Writes into a part of the tensor.");
}

}  // namespace fovea::python
