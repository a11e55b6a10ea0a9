#pragma once
// Independent parts of an image on threads.

#include <cstdint>
#include <functional>

#include "nbhybrid/kernel/sums/reference_sum.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Pixels of one row, both ends included.
struct RowPart {
    std::int64_t number = 0;  // in loop order
    int slow = 0;
    int fast_first = 0, fast_last = -1;
};

// A region cut into parts: whole rows, or parts of them where rows are few. The cut does not depend on the number of threads.
class RowParts {
public:
    explicit RowParts(const Region& region);
    std::int64_t count() const { return rows_ * per_row_; }
    RowPart operator[](std::int64_t number) const;

private:
    Region region_;
    std::int64_t rows_, per_row_;
    int width_;
};

// Called about twenty times a second from the thread that started the work, with the share of the parts done; returns false to
// stop.
using Watch = std::function<bool(double done)>;

// For one of several parts, done one after the other: asks the watch of all of them, if there is one.
Watch part_of(const Watch& watch, std::int64_t number, std::int64_t count);

// In place of a number of threads: the work is done by the caller's own thread, and no watch is asked. For work that is over before
// a thread has started.
inline constexpr int callers_thread = 0;

// How many of these threads are worth starting for so many steps.
int useful_threads(int threads, double steps);
// In all its sensor layers.
double steps_of_pixel(const PlanView& plan);

// Runs work(number) for 0 ... tasks-1 on this many threads, in order as far as threads allow. Throws Interrupted if the watch said
// so, or what the work threw.
void for_each_task(std::int64_t tasks, int threads, StopSign& stop, const Watch& watch,
                   const std::function<void(std::int64_t)>& work);

// The same for every part of an image.
void for_each_part(const RowParts& parts, int threads, StopSign& stop, const Watch& watch,
                   const std::function<void(const RowPart&)>& work);

}  // namespace nbhybrid::kernel
