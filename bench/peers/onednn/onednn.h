// What the rows of oneDNN are made of: memory, primitives and the order in which a step runs them. Weights and
// activations are put into the layout that a primitive asks for once, before the clock runs, as a trained model has
// them; the plain layout stays where a row's input or output is plain for every peer.
#pragma once

#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace peer {

using dnnl::memory;
using Step = std::function<void()>;
using Arguments = std::unordered_map<int, memory>;

struct Workload {
  std::string name;
  std::function<Step()> build;
};

inline dnnl::engine& engine() {
  static dnnl::engine one(dnnl::engine::kind::cpu, 0);
  return one;
}

inline memory::desc plain(const memory::dims& shape, memory::format_tag tag) {
  return memory::desc(shape, memory::data_type::f32, tag);
}
inline memory::desc any(const memory::dims& shape) { return plain(shape, memory::format_tag::any); }

memory random(const memory::desc& desc);  // small numbers, whatever the layout

// The primitives of a step, in order; waits for them.
class Sequence {
 public:
  void add(dnnl::primitive primitive, Arguments arguments) {
    primitives_.emplace_back(std::move(primitive), std::move(arguments));
  }
  void operator()() {
    for (auto& [primitive, arguments] : primitives_) primitive.execute(stream_, arguments);
    stream_.wait();
  }

 private:
  dnnl::stream stream_{engine()};
  std::vector<std::pair<dnnl::primitive, Arguments>> primitives_;
};

std::vector<Workload> op_workloads();
std::vector<Workload> recurrent_workloads();

}  // namespace peer
