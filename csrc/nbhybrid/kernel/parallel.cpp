#include "nbhybrid/kernel/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "nbhybrid/core/errors.hpp"

namespace nbhybrid::kernel {

namespace {

constexpr std::int64_t enough_parts = 1024;
constexpr int narrowest_part = 64;
constexpr auto watch_interval = std::chrono::milliseconds(50);
// Fewer take less time than another thread takes to start.
constexpr double steps_worth_a_thread = 10000;

// The threads of one call and what they tell each other.
class Crew {
public:
    Crew(std::int64_t tasks, StopSign& stop, const std::function<void(std::int64_t)>& work)
        : tasks_(tasks), stop_(stop), work_(work) {}

    // Fewer threads than asked for must do if the system gives no more; without any, the work is done here and now.
    void start(int threads) {
        running_ = threads;
        try {
            for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
        } catch (const std::system_error&) {
            const int missing = threads - static_cast<int>(threads_.size());
            for (int i = 1; i < missing; ++i) leave();
            if (threads_.empty()) run();
            else leave();
        }
    }

    // Until all are done; the watch is asked now and then.
    void wait(const Watch& watch) {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!idle_.wait_for(lock, watch_interval, [this] { return running_ == 0; })) {
            lock.unlock();
            ask(watch);
            lock.lock();
        }
    }

    void finish() {
        for (std::thread& thread : threads_) thread.join();
        if (failure_) std::rethrow_exception(failure_);
        if (stop_.is_up()) throw Interrupted();
    }

private:
    void ask(const Watch& watch) {
        if (!watch || stop_.is_up()) return;
        const double done = static_cast<double>(done_.load()) / static_cast<double>(std::max<std::int64_t>(1, tasks_));
        try {
            if (!watch(done)) stop_.raise();
        } catch (...) {
            fail();
        }
    }

    void run() {
        try {
            while (!stop_.is_up()) {
                const std::int64_t number = next_.fetch_add(1);
                if (number >= tasks_) break;
                work_(number);
                done_.fetch_add(1);
            }
        } catch (...) {
            fail();
        }
        leave();
    }

    void leave() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--running_ == 0) idle_.notify_one();
    }

    void fail() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        stop_.raise();
    }

    const std::int64_t tasks_;
    StopSign& stop_;
    const std::function<void(std::int64_t)>& work_;
    std::atomic<std::int64_t> next_{0}, done_{0};
    std::mutex mutex_;
    std::condition_variable idle_;
    int running_ = 0;
    std::exception_ptr failure_;
    std::vector<std::thread> threads_;
};

}  // namespace

RowParts::RowParts(const Region& region) : region_(region), rows_(region.slow_last - region.slow_first + 1) {
    const int columns = region.fast_last - region.fast_first + 1;
    const std::int64_t narrow = (columns + narrowest_part - 1) / narrowest_part;
    const std::int64_t wanted = (enough_parts + rows_ - 1) / rows_;
    const auto parts = static_cast<int>(std::clamp<std::int64_t>(wanted, 1, narrow));
    width_ = ((columns + parts - 1) / parts + narrowest_part - 1) / narrowest_part * narrowest_part;
    per_row_ = (columns + width_ - 1) / width_;
}

RowPart RowParts::operator[](std::int64_t number) const {
    const auto row = static_cast<int>(number / per_row_);
    const auto part = static_cast<int>(number % per_row_);
    const int first = region_.fast_first + part * width_;
    return {number, region_.slow_first + row, first, std::min(first + width_ - 1, region_.fast_last)};
}

Watch part_of(const Watch& watch, std::int64_t number, std::int64_t count) {
    if (!watch) return nullptr;
    return
        [&watch, number, count](double done) { return watch((static_cast<double>(number) + done) / static_cast<double>(count)); };
}

int useful_threads(int threads, double steps) {
    if (threads == callers_thread || steps < steps_worth_a_thread) return callers_thread;
    return static_cast<int>(std::min(static_cast<double>(threads), std::ceil(steps / steps_worth_a_thread)));
}

double steps_of_pixel(const PlanView& plan) { return static_cast<double>(plan.scale.steps) * plan.sensor.layers; }

void for_each_task(std::int64_t tasks, int threads, StopSign& stop, const Watch& watch,
                   const std::function<void(std::int64_t)>& work) {
    if (threads == callers_thread) {
        for (std::int64_t number = 0; number < tasks && !stop.is_up(); ++number) work(number);
        if (stop.is_up()) throw Interrupted();
        return;
    }
    const auto most = static_cast<int>(std::min<std::int64_t>(threads, tasks));
    Crew crew(tasks, stop, work);
    crew.start(std::max(1, most));
    crew.wait(watch);
    crew.finish();
}

void for_each_part(const RowParts& parts, int threads, StopSign& stop, const Watch& watch,
                   const std::function<void(const RowPart&)>& work) {
    for_each_task(parts.count(), threads, stop, watch, [&](std::int64_t number) { work(parts[number]); });
}

}  // namespace nbhybrid::kernel
