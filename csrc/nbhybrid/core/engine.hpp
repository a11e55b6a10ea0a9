#pragma once

namespace nbhybrid {

// exact: the reference's bits. fast: within a stated error, and only where the vector kernel can take the run; else exact.
enum class Engine { exact, fast };

}  // namespace nbhybrid
