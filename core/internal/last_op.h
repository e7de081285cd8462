// Which op the calling thread was at: the last whose operands were checked. For messages alone.
#pragma once

#include <string_view>

namespace fovea::detail {

extern thread_local constinit std::string_view last_checked_op;

}  // namespace fovea::detail
