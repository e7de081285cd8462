// Sequential: layers one after the other. A layer is anything that takes a tensor to a tensor, a module or a function:
//   Sequential net(Linear(2, 16), [](const Tensor& x) { return tanh(x); }, Linear(16, 1));
// Modules are named by their position: "0.weight", "2.bias". get<2>() is a layer itself.
#pragma once

#include <fovea/layers/module.h>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace fovea {

template <class... Layers>
class Sequential final : public Module {
 public:
  explicit Sequential(Layers... layers) : layers_(std::move(layers)...) {}

  void members(Members& m) override {
    each([&]<size_t i>() {
      auto& layer = std::get<i>(layers_);
      if constexpr (std::is_base_of_v<Module, std::remove_cvref_t<decltype(layer)>>) m(std::to_string(i), layer);
    });
  }
  Tensor operator()(Tensor x) const {
    each([&]<size_t i>() { x = std::get<i>(layers_)(x); });
    return x;
  }

  template <size_t i>
  auto& get() {
    return std::get<i>(layers_);
  }

 private:
  template <class Body>
  static void each(Body&& body) {
    [&]<size_t... i>(std::index_sequence<i...>) { (body.template operator()<i>(), ...); }
    (std::index_sequence_for<Layers...>{});
  }
  std::tuple<Layers...> layers_;
};

}  // namespace fovea
