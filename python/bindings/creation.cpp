// Making tensors, random numbers, threads and memory.
#include <fovea/core/allocator.h>
#include <fovea/core/creation.h>
#include <fovea/core/parallel.h>
#include <fovea/core/random.h>

#include "common.h"

namespace fovea::python {
namespace {

Generator& from(Generator* generator) { return generator != nullptr ? *generator : default_generator(); }

Tensor with_grad(Tensor x, bool requires_grad) {
  if (requires_grad) x.requires_grad_();
  return x;
}

void bind_filled(nb::module_& m) {
  m.def(
      "empty", [](const Shape& s, DType d) { return empty(s, d); }, "shape"_a, "dtype"_a = f32,
      "Elements that are whatever lies there.");
  m.def(
      "zeros", [](const Shape& s, DType d, bool g) { return with_grad(zeros(s, d), g); }, "shape"_a, "dtype"_a = f32,
      "requires_grad"_a = false, "Elements that are 0.");
  m.def(
      "ones", [](const Shape& s, DType d, bool g) { return with_grad(ones(s, d), g); }, "shape"_a, "dtype"_a = f32,
      "requires_grad"_a = false, "Elements that are 1.");
  m.def(
      "full", [](const Shape& s, double v, DType d) { return full(s, v, d); }, "shape"_a, "value"_a, "dtype"_a = f32,
      "Elements that are the value.");
  m.def("zeros_like", &zeros_like, "x"_a, "0 in the shape and type of x.");
  m.def("ones_like", &ones_like, "x"_a, "1 in the shape and type of x.");
  m.def("full_like", &full_like, "x"_a, "value"_a, "The value in the shape and type of x.");
  m.def("scalar", &scalar, "value"_a, "dtype"_a = f32, "One number, of rank 0.");
  m.def(
      "arange",
      [](const nb::object& first, const nb::object& end, const nb::object& step, std::optional<DType> dtype) {
        const bool one = end.is_none();
        const nb::object begin = one ? nb::int_(0) : first, last = one ? first : end;
        const bool whole = PyIndex_Check(begin.ptr()) && PyIndex_Check(last.ptr()) && PyIndex_Check(step.ptr());
        if (whole && dtype.value_or(i64) == i64)
          return arange(nb::cast<int64_t>(begin), nb::cast<int64_t>(last), nb::cast<int64_t>(step));
        return arange(nb::cast<double>(begin), nb::cast<double>(last), nb::cast<double>(step), dtype.value_or(f32));
      },
      "begin"_a, "end"_a = nb::none(), "step"_a = 1, "dtype"_a = nb::none(),
      "begin, begin + step, ... below end (with one argument: 0, 1, ... below it): i64 of whole numbers, else f32.");
  m.def("linspace", &linspace, "first"_a, "last"_a, "count"_a, "dtype"_a = f32, "Even steps, both ends included.");
  m.def("eye", &eye, "n"_a, "dtype"_a = f32, "The unit matrix.");
  m.def("one_hot", &one_hot, "ids"_a, "classes"_a, "dtype"_a = f32, "ids i64 [...] -> [..., classes].");
}

void bind_drawn(nb::module_& m) {
  const auto nothing = nb::none();
  m.def(
      "rand", [](const Shape& s, DType d, Generator* g) { return uniform(s, 0, 1, from(g), d); }, "shape"_a,
      "dtype"_a = f32, "generator"_a = nothing, "Uniform in [0, 1).");
  m.def(
      "randn",
      [](const Shape& s, DType d, Generator* g, bool grad) { return with_grad(normal(s, 0, 1, from(g), d), grad); },
      "shape"_a, "dtype"_a = f32, "generator"_a = nothing, "requires_grad"_a = false, "Standard normal.");
  m.def(
      "uniform", [](const Shape& s, double a, double b, DType d, Generator* g) { return uniform(s, a, b, from(g), d); },
      "shape"_a, "low"_a, "high"_a, "dtype"_a = f32, "generator"_a = nothing, "Uniform in [low, high).");
  m.def(
      "normal", [](const Shape& s, double a, double b, DType d, Generator* g) { return normal(s, a, b, from(g), d); },
      "shape"_a, "mean"_a, "deviation"_a, "dtype"_a = f32, "generator"_a = nothing, "Normal.");
  m.def(
      "bernoulli", [](const Tensor& p, Generator* g) { return bernoulli(p, from(g)); }, "probabilities"_a,
      "generator"_a = nothing, "1 with these probabilities, else 0; same type.");
  m.def(
      "randint", [](const Shape& s, int64_t a, int64_t b, Generator* g) { return randint(s, a, b, from(g)); },
      "shape"_a, "low"_a, "high"_a, "generator"_a = nothing, "i64 in [low, high).");
  m.def(
      "permutation", [](int64_t n, Generator* g) { return permutation(n, from(g)); }, "n"_a, "generator"_a = nothing,
      "0 to n - 1 in random order, i64 [n].");
}

}  // namespace

void bind_random(nb::module_& m) {
  nb::class_<Generator>(m, "Generator", "Random numbers by counter: the state is a key and a counter.")
      .def(nb::init<uint64_t>(), "seed"_a = 0)
      .def_prop_ro("key", &Generator::key)
      .def_prop_ro("counter", &Generator::counter)
      .def("set_state", &Generator::set_state, "key"_a, "counter"_a)
      .def("uniform", &Generator::uniform, "One number in [0, 1).")
      .def("randint", &Generator::randint, "low"_a, "high"_a, "One number in [low, high).")
      .def("fork", &Generator::fork, "stream"_a, "An independent generator.");
  m.def("manual_seed", &manual_seed, "seed"_a, "Seeds the calling thread's default generator.");
  m.def("default_generator", &default_generator, nb::rv_policy::reference, "Of the calling thread.");
}

void bind_creation(nb::module_& m) {
  bind_filled(m);
  bind_drawn(m);
  m.def("num_threads", &num_threads, "Threads that kernels run on.");
  m.def("set_num_threads", &set_num_threads, "n"_a, "Results do not depend on it.");
  nb::class_<MemoryStats>(m, "MemoryStats", "Bytes and blocks in the hands of tensors.")
      .def_ro("live_bytes", &MemoryStats::live_bytes)
      .def_ro("peak_bytes", &MemoryStats::peak_bytes)
      .def_ro("live_blocks", &MemoryStats::live_blocks);
  m.def("memory_stats", &memory_stats, "What tensors hold now, and the most since reset_peak_memory.");
  m.def("reset_peak_memory", &reset_peak_memory);
}

}  // namespace fovea::python
