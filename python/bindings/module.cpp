// The extension fovea._fovea: what the package fovea is made of.
#include "module.h"

#include "fast.h"

NB_MODULE(_fovea, m) {
  using namespace fovea::python;
  nb::set_leak_warnings(false);  // what an interpreter holds at its end is its own affair
  m.doc() = "Tensors, reverse-mode gradients, attention and memory: the C++ library fovea.";
  bind_errors(m);
  bind_random(m);
  nb::class_<fovea::Tensor> tensor = bind_tensor(m);
  bind_indexing(tensor);
  bind_exchange(m, tensor);
  bind_creation(m);
  bind_ops_binary(m, tensor);
  bind_ops_unary(m, tensor);
  bind_ops_reduce(m, tensor);
  bind_ops_shape(m, tensor);
  bind_ops_index(m, tensor);
  bind_ops_layers(m, tensor);
  bind_ops_fused(m, tensor);
  finish_fast(m, tensor);
  bind_autograd(m, tensor);
  bind_module(m);
  bind_layers(m);
  bind_losses(m);
  bind_recurrent(m);
  bind_memory(m);
  bind_attention(m);
  bind_weights(m);
  bind_models(m);
  bind_pointers(m);
  bind_vision(m);
  bind_optim(m);
  bind_training(m);
  bind_files(m);
}
