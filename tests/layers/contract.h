// The contract every layer keeps, checked in f64:
//   every parameter reached from the outputs is listed, and every listed one is reached
//   gradients by parameters and inputs agree with central differences along random directions
//   a call leaves no trace: the same inputs give the same outputs again
//   a saved and loaded module gives the same outputs; so does a clone, which shares no memory and keeps its mode
//   changing inputs where they are masked changes no output bit and no gradient
// contract_faults returns what is wrong in words, so that tests can plant faults and see them found.
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/layers/module.h>
#include <tests/catch.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace fovea::test {

template <class M>
struct Contract {
  std::function<M(Generator&)> make;
  // All outputs. Called in eval mode.
  std::function<std::vector<Tensor>(const M&, const std::vector<Tensor>& inputs)> call;
  std::vector<Tensor> inputs;         // f64, differentiated; i64 and bool as they are
  std::vector<Tensor> masked_inputs;  // the same with other values where they are masked; empty: nothing is masked
};

// The leaves behind some outputs.
inline std::set<const detail::Node*> leaves_behind(const std::vector<Tensor>& outputs) {
  std::set<const detail::Node*> seen, leaves;
  std::vector<const detail::Node*> waiting;
  for (const Tensor& y : outputs)
    if (y.requires_grad()) waiting.push_back(detail::node_of(y));
  while (!waiting.empty()) {
    const detail::Node* node = waiting.back();
    waiting.pop_back();
    if (!seen.insert(node).second) continue;
    if (node->is_leaf) leaves.insert(node);
    for (int i = 0; i < node->n_inputs; ++i)
      if (const detail::Node* from = node->edges[i].node()) waiting.push_back(from);
  }
  return leaves;
}

inline bool all_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equal(array::contiguous(a[i]), array::contiguous(b[i]))) return false;
  return true;
}

template <class M>
class ContractCheck {
 public:
  explicit ContractCheck(const Contract<M>& contract)
      : contract_(contract), generator_(21), module_(contract.make(generator_)) {
    to(module_, f64);
    module_.eval();
    check_listing();
    check_gradients();
    check_no_trace();
    check_file();
    check_clone();
    check_mask();
  }
  std::vector<std::string> faults;

 private:
  using List = std::vector<Tensor>;
  void fault(const std::string& text) { faults.push_back(text); }

  static List leaves_of(const List& inputs) {
    List out;
    for (const Tensor& x : inputs) out.push_back(x.dtype() == f64 ? array::clone(x).requires_grad_() : x);
    return out;
  }
  // sum(c y) with the same random c each time.
  static Tensor loss_of(const List& outputs) {
    Generator generator(8);
    Tensor loss = scalar(0, f64);
    for (const Tensor& y : outputs) loss = loss + sum(y * uniform(y.shape(), 0.5, 1.5, generator, f64));
    return loss;
  }
  List watched(const List& inputs) const {
    List out = parameters(module_);
    for (const Tensor& x : inputs)
      if (x.requires_grad()) out.push_back(x);
    return out;
  }

  void check_listing() {
    const List outputs = contract_.call(module_, contract_.inputs);
    std::set<const detail::Node*> reached = leaves_behind(outputs);
    for (const auto& [name, parameter] : named_parameters(module_)) {
      if (reached.erase(detail::node_of(parameter)) == 0) fault(name + " is listed but not reached from the outputs");
    }
    if (!reached.empty()) fault(std::to_string(reached.size()) + " parameters are reached but not listed");
    if (!faults.empty() || parameters(module_).empty()) return;
    const std::vector<Tensor> gradients = grad(loss_of(outputs), parameters(module_), {.allow_unused = true});
    for (const Tensor& gradient : gradients)
      if (!gradient.defined() || !any(ne(gradient, zeros_like(gradient)))) fault("a parameter's gradient is all zero");
  }

  void check_gradients() {
    const List inputs = leaves_of(contract_.inputs), all = watched(inputs);
    const List gradients =
        all.empty() ? List() : grad(loss_of(contract_.call(module_, inputs)), all, {.allow_unused = true});
    const NoGrad quiet;
    for (int direction = 0; direction < 5 && !all.empty(); ++direction) {
      List step;
      double analytic = 0;
      for (size_t i = 0; i < all.size(); ++i) {
        step.push_back(uniform(all[i].shape(), -1, 1, generator_, f64));
        if (gradients[i].defined()) analytic += sum(gradients[i] * step[i]).item();
      }
      const double size = 1e-6;
      const auto moved = [&](double scale) {
        for (size_t i = 0; i < all.size(); ++i) all[i].detach().add_(step[i], scale);
        return loss_of(contract_.call(module_, inputs)).item();
      };
      const double up = moved(size), down = moved(-2 * size);
      moved(size);
      const double numeric = (up - down) / (2 * size);
      if (!(std::abs(analytic - numeric) <= 1e-6 * std::max(1.0, std::abs(numeric))))
        fault("gradient along a direction is " + std::to_string(analytic) + ", differences say " +
              std::to_string(numeric));
    }
  }

  void check_no_trace() {
    const List first = contract_.call(module_, contract_.inputs);
    List others = contract_.inputs;
    for (Tensor& x : others)
      if (x.dtype() == f64) x = x * 0.5;
    contract_.call(module_, others);
    if (!all_equal(first, contract_.call(module_, contract_.inputs))) fault("a second call gives other outputs");
  }

  void check_file() {
    const std::string path = P_tmpdir "/fovea_contract_" + std::to_string(getpid()) + ".safetensors";
    save(module_, path);
    M other = contract_.make(generator_);
    to(other, f64);
    other.eval();
    load(other, path);
    std::remove(path.c_str());
    if (!all_equal(contract_.call(module_, contract_.inputs), contract_.call(other, contract_.inputs)))
      fault("a loaded module gives other outputs");
  }

  void check_clone() {
    M copy = clone(module_);
    const List before = contract_.call(module_, contract_.inputs);
    if (copy.training() != module_.training()) fault("a clone has another mode");
    if (!all_equal(before, contract_.call(copy, contract_.inputs))) fault("a clone gives other outputs");
    for (const auto& [name, tensor] : state(copy)) Tensor(tensor).fill_(is_floating(tensor.dtype()) ? 0.25 : 7);
    if (!all_equal(before, contract_.call(module_, contract_.inputs))) fault("changing a clone changes the original");
  }

  List values_and_gradients(const List& given) {
    const List inputs = leaves_of(given), all = watched(inputs);
    List found = contract_.call(module_, inputs);
    const std::vector<Tensor> gradients = grad(loss_of(found), all, {.allow_unused = true});
    for (const Tensor& gradient : gradients) found.push_back(gradient.defined() ? gradient : zeros({}, f64));
    return found;
  }

  void check_mask() {
    if (contract_.masked_inputs.empty()) return;
    if (!all_equal(values_and_gradients(contract_.inputs), values_and_gradients(contract_.masked_inputs)))
      fault("changing masked inputs changes outputs or gradients");
  }

  const Contract<M>& contract_;
  Generator generator_;
  M module_;
};

template <class M>
std::vector<std::string> contract_faults(const Contract<M>& contract) {
  return ContractCheck<M>(contract).faults;
}

template <class M>
void require_contract(const Contract<M>& contract) {
  for (const std::string& text : contract_faults(contract)) FAIL_CHECK(text);
  SUCCEED();
}

}  // namespace fovea::test
