// The short way of what small steps are made of: + - * / and the methods of one tensor, as slots and methods of the
// type itself. Everything else, errors too, goes the long way, through the bound function of the same name: an op that
// throws has changed nothing, so it may be called again.
#pragma once

#include "common.h"

namespace fovea::python {

// For nb::class_<Tensor>.
const PyType_Slot* fast_slots();
// After the functions are bound.
void finish_fast(const nb::module_& m, const nb::class_<Tensor>& t);

}  // namespace fovea::python
