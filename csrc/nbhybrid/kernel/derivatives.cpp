#include "nbhybrid/kernel/derivatives.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/numerics/dual.hpp"
#include "nbhybrid/terms/polarization.hpp"

namespace nbhybrid::kernel {

namespace {

bool is_up(const void* sign) { return static_cast<const StopSign*>(sign)->is_up(); }

// Rows of the region, by some.
class RowPieces {
public:
    explicit RowPieces(const Region& region) : region_(region) {
        constexpr int most_pieces = 64;
        const int rows = region.slow_last - region.slow_first + 1;
        rows_ = (rows + most_pieces - 1) / most_pieces;
        count_ = (rows + rows_ - 1) / rows_;
    }
    std::int64_t count() const { return count_; }
    int first(std::int64_t piece) const { return region_.slow_first + static_cast<int>(piece) * rows_; }
    int last(std::int64_t piece) const { return std::min(first(piece) + rows_ - 1, region_.slow_last); }

private:
    Region region_;
    int rows_, count_;
};

// Lets pieces be added up in their order, whichever thread has them.
class Turns {
public:
    // False if the sign went up before it was this one's turn.
    template <class Work>
    bool in_turn(std::int64_t number, const StopSign& stop, Work work) {
        std::unique_lock<std::mutex> lock(mutex_);
        while (next_ != number) {
            if (stop.is_up()) return false;
            changed_.wait_for(lock, std::chrono::milliseconds(10));
        }
        work();
        ++next_;
        changed_.notify_all();
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t next_ = 0;
};

// The sums of a piece, with their lists.
class PieceSums {
public:
    PieceSums(const PlanView& plan, std::size_t orientations, std::size_t entries)
        : orientations_(orientations), rays_(static_cast<std::size_t>(plan.beam.n_sources)), squares_(entries) {}

    CotangentSums empty() {
        std::fill(orientations_.begin(), orientations_.end(), Axes{});
        std::fill(rays_.begin(), rays_.end(), RaySums{});
        CotangentSums sums;
        sums.orientations = orientations_.data();
        sums.rays = rays_.data();
        sums.squares = squares_.empty() ? nullptr : squares_.data();
        return sums;
    }

    // Leaves the table of amplitudes empty.
    void add_to(CotangentSums& total, const CotangentSums& piece) {
        const auto add = [](double& x, double y) { x += y; };
        for_each_stage_number(add, total.stages, piece.stages);
        for (std::size_t i = 0; i < orientations_.size(); ++i) for_each_axis_number(add, total.orientations[i], orientations_[i]);
        for (std::size_t i = 0; i < rays_.size(); ++i) add_ray(total.rays[i], rays_[i]);
        total.default_square += piece.default_square;
        for (std::int64_t i = piece.first_square; i <= piece.last_square; ++i) {
            total.squares[i] += piece.squares[i];
            piece.squares[i] = 0.0;
        }
    }

private:
    static void add_ray(RaySums& to, const RaySums& more) {
        to.direction = to.direction + more.direction;
        to.e = to.e + more.e;
        to.b = to.b + more.b;
        to.wavelength += more.wavelength;
        to.weight += more.weight;
    }

    std::vector<Axes> orientations_;
    std::vector<RaySums> rays_;
    std::vector<double> squares_;
};

// Sums that no thread uses just now.
class PieceSumsPool {
public:
    template <class Make>
    std::unique_ptr<PieceSums> take(Make make) {
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            if (!free_.empty()) {
                std::unique_ptr<PieceSums> sums = std::move(free_.back());
                free_.pop_back();
                return sums;
            }
        }
        return make();
    }
    void give_back(std::unique_ptr<PieceSums> sums) {
        const std::lock_guard<std::mutex> guard(mutex_);
        free_.push_back(std::move(sums));
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<PieceSums>> free_;
};

// From E and B of the frame of a source's polarization to what they are made of.
void pull_frame(const PlanView& plan, int source, const RaySums& sums, Vec3& direction, Vec3& axis) {
    using numerics::Dual;
    const Vec3 incident = plan.beam.sources[source].direction, along = plan.beam.axes[plan.beam.n_axes - 1];
    Vec3T<Dual> moving_incident{incident.x, incident.y, incident.z}, moving_axis{along.x, along.y, along.z};
    const auto pulled = [&](Dual& number) {
        number.slope = 1.0;
        const auto [e, b] = terms::polarization_axes(moving_axis, moving_incident);
        number.slope = 0.0;
        return dot(sums.e, {e.x.slope, e.y.slope, e.z.slope}) + dot(sums.b, {b.x.slope, b.y.slope, b.z.slope});
    };
    const auto add = [&](Vec3T<Dual>& number, Vec3& to) { to = to + Vec3{pulled(number.x), pulled(number.y), pulled(number.z)}; };
    add(moving_incident, direction);
    add(moving_axis, axis);
}

std::size_t entries_of(const terms::AmplitudeGrid& grid) {
    return grid.values == nullptr ? 0 : (static_cast<std::size_t>(grid.h_max - grid.h_min) + 2) * grid.stride_h;
}

// Pixels of a row that count, by blocks.
template <class Counts, class Work>
void for_each_block(int slow, int first, int last, SlopePixels& pixels, Counts counts, Work work) {
    pixels.slow = slow;
    pixels.count = 0;
    for (int fast = first; fast <= last; ++fast) {
        if (!counts(fast)) continue;
        pixels.fast[pixels.count++] = fast;
        if (pixels.count < SlopePixels::capacity) continue;
        work();
        pixels.count = 0;
    }
    if (pixels.count != 0) work();
    pixels.count = 0;
}

void pull_piece(const Plan& plan, const double* upstream, int first_row, int last_row, const StopSign& stop, CotangentSums& sums) {
    const PlanView& view = plan.view();
    const Region& r = view.detector.region;
    const Backward backward = slope_kernel().backward[static_cast<std::size_t>(plan.shape())];
    SlopePixels pixels;
    double weights[SlopePixels::capacity];
    for (int slow = first_row; slow <= last_row && !stop.is_up(); ++slow) {
        const auto counts = [&](int fast) {
            const PixelIndex pixel = pixel_index(view, slow, fast);
            return upstream[pixel] != 0.0 && !is_masked(view.detector, pixel);
        };
        for_each_block(slow, r.fast_first, r.fast_last, pixels, counts, [&] {
            for (int i = 0; i < pixels.count; ++i) weights[i] = upstream[pixel_index(view, slow, pixels.fast[i])];
            backward(view, plan.bounds(), {&is_up, &stop}, pixels, weights, sums);
        });
    }
}

PlanNumbers numbers_of(const PlanView& plan, const CotangentSums& sums, std::vector<Axes> orientations) {
    PlanNumbers numbers(0, static_cast<std::size_t>(plan.beam.n_sources));
    static_cast<StageNumbersT<double>&>(numbers) = sums.stages;
    numbers.orientations = std::move(orientations);
    numbers.default_amplitude += 2.0 * plan.crystal.amplitudes.default_amplitude * sums.default_square;
    for (int i = 0; i < plan.beam.n_sources; ++i) {
        const RaySums& sum = sums.rays[i];
        RayNumbers& ray = numbers.sources[static_cast<std::size_t>(i)];
        ray.direction = sum.direction;
        ray.wavelength = sum.wavelength;
        ray.weight = sum.weight;
        if (plan.beam.polarization_of != FactorOf::nothing) pull_frame(plan, i, sum, ray.direction, numbers.polarization_axis);
    }
    return numbers;
}

std::size_t orientations_of(const PlanView& plan) {
    return static_cast<std::size_t>(plan.orientation.n_phi) * static_cast<std::size_t>(plan.orientation.n_domains);
}

}  // namespace

Cotangent pull(const Plan& plan, const double* upstream, bool wants_squares, const SlopeWay& way) {
    const PlanView& view = plan.view();
    const std::size_t orientations = orientations_of(view), entries = wants_squares ? entries_of(view.crystal.amplitudes) : 0;
    Cotangent result;
    result.squares.resize(entries);
    std::vector<Axes> its_orientations(orientations);
    std::vector<RaySums> its_rays(static_cast<std::size_t>(view.beam.n_sources));
    CotangentSums total;
    total.orientations = its_orientations.data();
    total.rays = its_rays.data();
    total.squares = result.squares.data();
    const RowPieces pieces(view.detector.region);
    StopSign stop;
    Turns turns;
    PieceSumsPool pool;
    for_each_task(pieces.count(), way.threads, stop, way.watch, [&](std::int64_t number) {
        std::unique_ptr<PieceSums> mine = pool.take([&] { return std::make_unique<PieceSums>(view, orientations, entries); });
        CotangentSums sums = mine->empty();
        pull_piece(plan, upstream, pieces.first(number), pieces.last(number), stop, sums);
        if (turns.in_turn(number, stop, [&] { mine->add_to(total, sums); })) pool.give_back(std::move(mine));
    });
    result.numbers = numbers_of(view, total, std::move(its_orientations));
    return result;
}

namespace {

// Pushes blocks of pixels, and puts what is found in its places.
class Pusher {
public:
    Pusher(const Plan& plan, const std::vector<Tangent>& tangents, double* values, double* slopes)
        : plan_(plan),
          forward_(slope_kernel().forward[static_cast<std::size_t>(plan.shape())]),
          tangents_(tangents),
          values_(values),
          slopes_(slopes) {}

    void push(SlopePixels& block, const std::int64_t* places, const StopSign& stop) const {
        std::size_t first = 0;
        do {
            Tangents some;
            some.count = static_cast<int>(std::min<std::size_t>(Tangents::most, tangents_.size() - first));
            std::copy_n(tangents_.data() + first, some.count, some.of);
            double found[SlopePixels::capacity * Tangents::most];
            if (!forward_(plan_.view(), plan_.bounds(), {&is_up, &stop}, block, some, found)) return;
            for (int i = 0; i < block.count; ++i)
                std::copy_n(found + i * some.count, some.count,
                            slopes_ + static_cast<std::size_t>(places[i]) * tangents_.size() + first);
            first += static_cast<std::size_t>(some.count);
        } while (first < tangents_.size());
        for (int i = 0; values_ != nullptr && i < block.count; ++i) values_[places[i]] = block.values[i];
    }

    void push_row(int slow, const StopSign& stop) const {
        const PlanView& view = plan_.view();
        SlopePixels block;
        std::int64_t places[SlopePixels::capacity];
        const auto counts = [&](int fast) { return !is_masked(view.detector, pixel_index(view, slow, fast)); };
        for_each_block(slow, view.detector.region.fast_first, view.detector.region.fast_last, block, counts, [&] {
            for (int i = 0; i < block.count; ++i) places[i] = pixel_index(view, slow, block.fast[i]);
            push(block, places, stop);
        });
    }

    // Some of a list, in an order in which pixels of a row follow one another.
    void push_listed(const std::vector<PixelPlace>& pixels, const std::size_t* first, const std::size_t* last,
                     const StopSign& stop) const {
        SlopePixels block;
        std::int64_t places[SlopePixels::capacity];
        while (first != last && !stop.is_up()) {
            block.slow = pixels[*first].slow;
            for (block.count = 0; first != last && block.count < SlopePixels::capacity && pixels[*first].slow == block.slow;
                 ++first) {
                if (!is_rendered(plan_.view(), block.slow, pixels[*first].fast)) continue;
                places[block.count] = static_cast<std::int64_t>(*first);
                block.fast[block.count++] = pixels[*first].fast;
            }
            if (block.count != 0) push(block, places, stop);
        }
    }

private:
    const Plan& plan_;
    Forward forward_;
    const std::vector<Tangent>& tangents_;
    double *values_, *slopes_;
};

}  // namespace

void push(const Plan& plan, const std::vector<PixelPlace>* pixels, const std::vector<Tangent>& tangents, double* values,
          double* slopes, const SlopeWay& way) {
    const Pusher pusher(plan, tangents, values, slopes);
    StopSign stop;
    if (pixels == nullptr) {
        const RowPieces pieces(plan.view().detector.region);
        for_each_task(pieces.count(), way.threads, stop, way.watch, [&](std::int64_t number) {
            for (int slow = pieces.first(number); slow <= pieces.last(number) && !stop.is_up(); ++slow) pusher.push_row(slow, stop);
        });
        return;
    }
    constexpr std::size_t each = 4 * SlopePixels::capacity;
    std::vector<std::size_t> order(pixels->size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return (*pixels)[i].slow < (*pixels)[j].slow; });
    for_each_task(static_cast<std::int64_t>((order.size() + each - 1) / each), way.threads, stop, way.watch,
                  [&](std::int64_t number) {
                      const std::size_t first = static_cast<std::size_t>(number) * each;
                      pusher.push_listed(*pixels, order.data() + first, order.data() + std::min(order.size(), first + each), stop);
                  });
}

}  // namespace nbhybrid::kernel
