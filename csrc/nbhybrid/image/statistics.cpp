#include "nbhybrid/image/statistics.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "nbhybrid/numerics/ordered_sum.hpp"

namespace nbhybrid::image {

namespace {

// Pixels of a piece. Short, since a piece in which a sum passes a power of two has to be added again.
constexpr int longest_piece = 512;
// The bit pattern of infinity; those of negative numbers and NaN are larger.
constexpr std::uint32_t infinite = 0x7f800000U;

// Pixels of a row, next to each other.
struct Piece {
    int slow = 0, fast = 0, count = 0;
};

// A region cut into pieces, in the order of the sums, and taken a few at a time.
class Pieces {
public:
    explicit Pieces(const Region& region)
        : region_(region),
          columns_(region.fast_last - region.fast_first + 1),
          per_row_(std::max(1, (columns_ + longest_piece - 1) / longest_piece)),
          width_((columns_ + per_row_ - 1) / per_row_),
          count_(std::int64_t{per_row_} * (region.slow_last - region.slow_first + 1)) {}

    std::int64_t groups() const { return (count_ + runs_together - 1) / runs_together; }
    // Empty behind the last one.
    Piece at(std::int64_t group, int member) const {
        const std::int64_t number = group * runs_together + member;
        if (number >= count_) return {};
        const auto begin = static_cast<int>(number % per_row_) * width_;
        return {region_.slow_first + static_cast<int>(number / per_row_), region_.fast_first + begin,
                std::min(width_, columns_ - begin)};
    }

private:
    Region region_;
    int columns_, per_row_, width_;
    std::int64_t count_;
};

using Runs = std::array<const float*, runs_together>;

// Adds up the runs side by side as far as the shortest goes, the rest of each by itself.
template <class Together, class Alone>
void add_runs(const Runs& runs, const std::array<int, runs_together>& counts, Together together, Alone alone) {
    const int common = *std::min_element(counts.begin(), counts.end());
    together(runs.data(), common);
    for (std::size_t j = 0; j < runs_together; ++j)
        for (int i = common; i < counts[j]; ++i) alone(j, runs[j][i]);
}

SumPaths starts(double from) {
    SumPaths paths;
    for (double& sum : paths.even) sum = numerics::even_start(from);
    for (double& sum : paths.odd) sum = numerics::odd_start(from);
    return paths;
}

void add(SumPaths& paths, std::size_t j, double x) {
    paths.even[j] += x;
    paths.odd[j] += x;
}

// Calls look(group) for all groups, possibly on several threads, and take(group, result) for the results in the groups' order. No
// thread waits: one that finds another in take() leaves its result to that one.
template <class Found, class Look, class Take>
void in_order(std::int64_t groups, const Runner& runner, Look look, Take take) {
    const auto count = static_cast<std::size_t>(groups);
    std::vector<Found> found(count);
    // One more than there are groups; it is never set and ends the loop below.
    const std::unique_ptr<std::atomic<bool>[]> is_found(new std::atomic<bool>[count + 1]());
    std::atomic<std::size_t> next{0};
    std::atomic<bool> is_taking{false};
    runner(groups, [&](std::int64_t group) {
        const auto place = static_cast<std::size_t>(group);
        found[place] = look(group);
        is_found[place] = true;
        // Checked again after is_taking is cleared, so that no result is left behind.
        while (is_found[next]) {
            if (is_taking.exchange(true)) return;
            for (; is_found[next]; ++next) take(static_cast<std::int64_t>(next.load()), found[next]);
            is_taking = false;
        }
    });
}

// A sum, and the power of two below it, which threads that add later pieces may read.
struct SharedSum {
    numerics::OrderedSum sum;
    std::atomic<double> from{0};

    void publish() { from.store(sum.power_below(), std::memory_order_relaxed); }
};

// The first pass: the largest pixel, the sum and the sum of squares.
class FirstPass {
public:
    FirstPass(const ImageView& image, const PixelLoops& loops) : image_(image), loops_(loops), pieces_(image.region) {}

    void run(const Runner& runner, Statistics& s) {
        in_order<Found>(
            pieces_.groups(), runner, [&](std::int64_t group) { return look(group); },
            [&](std::int64_t group, const Found& found) { take(group, found, s); });
        const auto pixels = static_cast<double>(std::max<std::int64_t>(count_, 1));
        s.mean = sum_.sum.value() / pixels;
        s.rms = std::sqrt(squares_.sum.value() / std::max(pixels - 1, 1.0));
    }

private:
    struct Found {
        std::array<numerics::Moves, runs_together> sums, squares;
        std::array<std::uint32_t, runs_together> largest_bits;
    };

    // The pixels that count; masked ones as zeros in the buffer.
    const float* run_of(const Piece& piece, float* buffer) const {
        const std::int64_t begin = image_.at(piece.slow, piece.fast);
        if (image_.mask == nullptr) return image_.pixels + begin;
        for (int i = 0; i < piece.count; ++i) buffer[i] = image_.mask[begin + i] == 0 ? 0.0F : image_.pixels[begin + i];
        return buffer;
    }

    Found look(std::int64_t group) const {
        float buffers[runs_together][longest_piece];
        Runs runs{};
        std::array<int, runs_together> counts{};
        Found found{};
        for (int j = 0; j < runs_together; ++j) {
            const Piece piece = pieces_.at(group, j);
            const auto at = static_cast<std::size_t>(j);
            runs[at] = run_of(piece, buffers[j]);
            counts[at] = piece.count;
            found.largest_bits[at] = loops_.largest_bits(runs[at], piece.count);
        }
        const double from = sum_.from.load(std::memory_order_relaxed), from_squares = squares_.from.load(std::memory_order_relaxed);
        SumPaths sums = starts(from), squares = starts(from_squares);
        add_runs(
            runs, counts, [&](const float* const* p, int n) { loops_.add_pixels(p, n, sums, squares); },
            [&](std::size_t j, float pixel) {
                const float square = pixel * pixel;
                add(sums, j, pixel);
                add(squares, j, square);
            });
        for (std::size_t j = 0; j < runs_together; ++j) {
            found.sums[j] = numerics::moves_between(from, sums.even[j], sums.odd[j]);
            found.squares[j] = numerics::moves_between(from_squares, squares.even[j], squares.odd[j]);
        }
        return found;
    }

    void take(std::int64_t group, const Found& found, Statistics& s) {
        Found now = found;
        for (int j = 0; j < runs_together; ++j) {
            const Piece piece = pieces_.at(group, j);
            const auto at = static_cast<std::size_t>(j);
            const bool plain = now.largest_bits[at] <= infinite;
            if (plain && (now.sums[at].from != sum_.sum.power_below() || now.squares[at].from != squares_.sum.power_below()))
                now = look(group);
            const bool sum_is_open = !plain || !sum_.sum.move(now.sums[at]);
            const bool square_is_open = !plain || !squares_.sum.move(now.squares[at]);
            float buffer[longest_piece];
            const float* const run = run_of(piece, buffer);
            for (int i = 0; i < piece.count && (sum_is_open || square_is_open); ++i) {
                const float square = run[i] * run[i];
                if (sum_is_open) sum_.sum.add(run[i]);
                if (square_is_open) squares_.sum.add(square);
            }
            sum_.publish();
            squares_.publish();
            look_for_maximum(piece, run, now.largest_bits[at], s);
            count_ += counted(piece);
        }
    }

    static void look_for_maximum(const Piece& piece, const float* run, std::uint32_t largest_bits, Statistics& s) {
        if (largest_bits <= infinite && !(double{float_of(largest_bits)} > s.max)) return;
        for (int i = 0; i < piece.count; ++i) {
            if (!(run[i] > s.max)) continue;
            s.max = run[i];
            s.max_slow = piece.slow;
            s.max_fast = piece.fast + i;
        }
    }

    static float float_of(std::uint32_t bits) {
        float x = 0;
        std::memcpy(&x, &bits, sizeof x);
        return x;
    }

    std::int64_t counted(const Piece& piece) const {
        if (image_.mask == nullptr) return piece.count;
        const std::uint16_t* const mask = image_.mask + image_.at(piece.slow, piece.fast);
        return piece.count - std::count(mask, mask + piece.count, std::uint16_t{0});
    }

    const ImageView& image_;
    const PixelLoops& loops_;
    Pieces pieces_;
    SharedSum sum_, squares_;
    std::int64_t count_ = 0;
};

// The second pass: the squares of the deviations from the mean.
class SecondPass {
public:
    SecondPass(const ImageView& image, const PixelLoops& loops, double mean)
        : image_(image), loops_(loops), pieces_(image.region), mean_(mean) {}

    double run(const Runner& runner) {
        in_order<Found>(
            pieces_.groups(), runner, [&](std::int64_t group) { return look(group); },
            [&](std::int64_t group, const Found& found) { take(group, found); });
        return sum_.sum.value();
    }

private:
    using Found = std::array<numerics::Moves, runs_together>;

    const float* run_of(const Piece& piece) const { return image_.pixels + image_.at(piece.slow, piece.fast); }
    double squared_deviation(float pixel) const {
        const double deviation = pixel - mean_;
        return deviation * deviation;
    }

    Found look(std::int64_t group) const {
        Runs runs{};
        std::array<int, runs_together> counts{};
        for (int j = 0; j < runs_together; ++j) {
            const Piece piece = pieces_.at(group, j);
            runs[static_cast<std::size_t>(j)] = run_of(piece);
            counts[static_cast<std::size_t>(j)] = piece.count;
        }
        const double from = sum_.from.load(std::memory_order_relaxed);
        SumPaths sums = starts(from);
        add_runs(
            runs, counts, [&](const float* const* p, int n) { loops_.add_deviations(p, n, mean_, sums); },
            [&](std::size_t j, float pixel) { add(sums, j, squared_deviation(pixel)); });
        Found found;
        for (std::size_t j = 0; j < runs_together; ++j) found[j] = numerics::moves_between(from, sums.even[j], sums.odd[j]);
        return found;
    }

    void take(std::int64_t group, const Found& found) {
        Found now = found;
        for (int j = 0; j < runs_together; ++j) {
            const auto at = static_cast<std::size_t>(j);
            if (now[at].from != sum_.sum.power_below()) now = look(group);
            const Piece piece = pieces_.at(group, j);
            const float* const run = run_of(piece);
            if (!sum_.sum.move(now[at]))
                for (int i = 0; i < piece.count; ++i) sum_.sum.add(squared_deviation(run[i]));
            sum_.publish();
        }
    }

    const ImageView& image_;
    const PixelLoops& loops_;
    Pieces pieces_;
    double mean_;
    SharedSum sum_;
};

}  // namespace

void run_in_turn(std::int64_t tasks, const std::function<void(std::int64_t)>& work) {
    for (std::int64_t number = 0; number < tasks; ++number) work(number);
}

Statistics measure(const ImageView& image, const PixelLoops& loops, const Runner& runner) {
    Statistics s;
    FirstPass(image, loops).run(runner, s);
    const Region& r = image.region;
    const double pixels = static_cast<double>(r.fast_last - r.fast_first + 1) * (r.slow_last - r.slow_first + 1);
    s.rmsd = std::sqrt(SecondPass(image, loops, s.mean).run(runner) / std::max(pixels - 1, 1.0));
    return s;
}

}  // namespace nbhybrid::image
