#pragma once
// Rows of an HKL file, in its order.

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "nbhybrid/core/large_pages.hpp"

namespace nbhybrid::io {

struct Row {
    std::array<int, 3> indices{};
    double amplitude = 0;
};

struct RowBlock {
    static constexpr std::size_t capacity = 16384;
    std::array<std::array<int, 3>, capacity> indices;
    std::array<double, capacity> amplitudes;
};

// Where blocks come from; may be asked from several threads. The blocks live as long as it does.
class RowBlocks {
public:
    RowBlock* next() {
        const std::lock_guard<std::mutex> guard(mutex_);
        if (left_ == 0) {
            // The first is enough for most files.
            left_ = slabs_.empty() ? 1 : blocks_of_a_slab;
            slabs_.push_back(std::unique_ptr<RowBlock[]>(new RowBlock[left_]));  // make_unique would fill it with zeros
            ask_for_large_pages(slabs_.back().get(), left_ * sizeof(RowBlock));
        }
        return &slabs_.back()[--left_];
    }

private:
    static constexpr std::size_t blocks_of_a_slab = 4 * large_page_bytes / sizeof(RowBlock);

    std::mutex mutex_;
    std::vector<std::unique_ptr<RowBlock[]>> slabs_;
    std::size_t left_ = 0;  // of the last slab
};

class RowStore {
public:
    explicit RowStore(std::shared_ptr<RowBlocks> source) : source_(std::move(source)) {}

    void add(const Row& row) {
        if (used_ == RowBlock::capacity) {
            blocks_.push_back(source_->next());
            used_ = 0;
        }
        blocks_.back()->indices[used_] = row.indices;
        blocks_.back()->amplitudes[used_++] = row.amplitude;
    }
    std::size_t count() const { return blocks_.empty() ? 0 : (blocks_.size() - 1) * RowBlock::capacity + used_; }
    template <class Visit>
    void for_each(Visit visit) const {
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            const std::size_t rows = b + 1 == blocks_.size() ? used_ : RowBlock::capacity;
            for (std::size_t i = 0; i < rows; ++i) visit(blocks_[b]->indices[i], blocks_[b]->amplitudes[i]);
        }
    }

private:
    std::shared_ptr<RowBlocks> source_;
    std::vector<RowBlock*> blocks_;
    std::size_t used_ = RowBlock::capacity;  // of the last block
};

}  // namespace nbhybrid::io
