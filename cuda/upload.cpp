#include "upload.hpp"

#include <cstring>

namespace nbhybrid::cuda {

namespace {

// Larger pieces are not copied to pinned memory first.
constexpr std::size_t largest_staged = std::size_t{1} << 20U;

// Small pieces that follow each other, and their place in the pinned memory.
struct Run {
    std::size_t offset, bytes, staged_at;
};

std::vector<Run> runs_of(const std::vector<kernel::FlatPlans::Piece>& pieces) {
    std::vector<Run> runs;
    bool is_open = false;
    for (const kernel::FlatPlans::Piece& piece : pieces) {
        const bool is_small = piece.bytes <= largest_staged;
        if (is_small && !is_open) runs.push_back({piece.offset, 0, runs.empty() ? 0 : runs.back().staged_at + runs.back().bytes});
        if (is_small) runs.back().bytes = piece.offset + piece.bytes - runs.back().offset;
        is_open = is_small;
    }
    return runs;
}

}  // namespace

void Upload::send(void* base, const std::vector<kernel::FlatPlans::Piece>& pieces, cudaStream_t stream) {
    const std::vector<Run> runs = runs_of(pieces);
    copied_.wait();
    staged_.reserve(runs.empty() ? 0 : runs.back().staged_at + runs.back().bytes);
    const WaitIfThrown guard(stream);
    const auto copy = [&](std::size_t offset, const void* from, std::size_t bytes) {
        void* const to = static_cast<unsigned char*>(base) + offset;
        if (bytes > 0) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream), what_.c_str());
    };
    bool waits = false;
    auto run = runs.begin();
    for (const kernel::FlatPlans::Piece& piece : pieces) {
        if (piece.bytes > largest_staged) {
            copy(piece.offset, piece.from, piece.bytes);
            waits = true;
            continue;
        }
        if (piece.offset > run->offset + run->bytes) ++run;
        unsigned char* const staged = staged_.as<unsigned char>() + run->staged_at;
        if (piece.bytes > 0) std::memcpy(staged + (piece.offset - run->offset), piece.from, piece.bytes);
        if (piece.offset + piece.bytes == run->offset + run->bytes) copy(run->offset, staged, run->bytes);
    }
    copied_.record(stream);
    if (waits) copied_.wait();
}

}  // namespace nbhybrid::cuda
