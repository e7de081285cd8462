#include <fmt/format.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/record.h>

#include <unordered_set>

namespace fovea {

namespace detail {
thread_local constinit Modes modes;
constinit int64_t last_sequence = 0;
}  // namespace detail

namespace {

// Nodes whose last reference went while another node was being freed: they wait here instead of on the stack.
thread_local constinit detail::Node* doomed = nullptr;
thread_local constinit bool freeing = false;

}  // namespace

void detail::Node::dispose() {
  next_doomed = doomed;
  doomed = this;
  if (freeing) return;
  freeing = true;
  while (doomed != nullptr) {
    detail::Node* node = doomed;
    doomed = node->next_doomed;
    delete node;
  }
  freeing = false;
}

HookHandle register_hook(const Tensor& x, GradientHook hook) {
  if (!x.defined() || !x.requires_grad())
    throw AutogradError(
        "register_hook: the tensor is not on the tape; call requires_grad_() or compute it from one that is");
  if (!hook) throw AutogradError("register_hook: the hook is empty; give a function from gradient to gradient");
  detail::Node* node = detail::node_of(x);
  if (!node->hooks) node->hooks = std::make_unique<detail::Hooks>();
  std::erase_if(*node->hooks, [](const auto& old) { return !old->call; });
  const auto call = std::make_shared<GradientHook>(std::move(hook));
  return HookHandle(
      node->hooks->emplace_back(std::make_shared<detail::Hook>(detail::Hook{x.impl()->output_index, call})));
}

std::string to_dot(const Tensor& root) {
  std::string nodes, arrows;
  std::vector<detail::Node*> open;
  std::unordered_set<detail::Node*> seen;
  const auto visit = [&](detail::Node* node) {
    if (!seen.insert(node).second) return;
    open.push_back(node);
    const detail::OutputRecord& output = node->outputs[0];
    nodes += fmt::format("  n{} [label=\"{}\\n{}{}\"{}];\n", node->sequence, node->name, name_of(output.dtype),
                         output.shape.str(), node->is_leaf ? ", shape=box" : "");
  };
  if (root.defined() && root.requires_grad()) visit(detail::node_of(root));
  while (!open.empty()) {
    detail::Node* node = open.back();
    open.pop_back();
    for (int i = 0; i < node->n_inputs; ++i) {
      detail::Node* from = node->edges[i].node();
      if (from == nullptr) continue;
      visit(from);
      arrows += fmt::format("  n{} -> n{};\n", from->sequence, node->sequence);
    }
  }
  return "digraph tape {\n  rankdir=TB;\n  node [fontname=\"Helvetica\"];\n" + nodes + arrows + "}\n";
}

}  // namespace fovea
