// A program with names of its own beside all of fovea's: what is internal is not in their way.
#include <fovea/fovea.h>

using namespace fovea;

namespace check {
int ours() { return 1; }
}  // namespace check
namespace kernels {
int ours() { return 1; }
}  // namespace kernels
namespace array {
int ours() { return 1; }
}  // namespace array

struct Node {
  int value = 1;
};
struct Edge : Node {};
struct Leaf : Node {};
struct OutputRecord : Node {};
int node_of(int x) { return x; }

int main() {
  const Edge edge;
  const Leaf leaf;
  const OutputRecord record;
  return check::ours() + kernels::ours() + array::ours() + edge.value + leaf.value + record.value + node_of(1) == 7 ? 0
                                                                                                                    : 1;
}
