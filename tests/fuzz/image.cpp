#include <tests/fuzz/images.h>
#include <tests/fuzz/target.h>

const fovea::fuzz::Loader& fovea::fuzz::loader() { return image(); }
