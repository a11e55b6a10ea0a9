#pragma once
// Memory that is touched for the first time costs a call into the system for each page: large pages make that a few calls.

#include <cstddef>
#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace nbhybrid {

inline constexpr std::size_t large_page_bytes = std::size_t{2} << 20U;

// Asks for large pages for what lies wholly inside this memory, before it is touched. A wish: nothing else depends on it.
inline void ask_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
    const auto begin = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = (begin + large_page_bytes - 1) / large_page_bytes * large_page_bytes;
    const std::uintptr_t end = (begin + bytes) / large_page_bytes * large_page_bytes;
    if (first < end) ::madvise(static_cast<char*>(memory) + (first - begin), end - first, MADV_HUGEPAGE);
#endif
}

}  // namespace nbhybrid
