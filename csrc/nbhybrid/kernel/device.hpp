#pragma once
// A device as the host sees it: it decides the pixels of a plan, and what it leaves is rendered by the scalar path.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/kernel/render_request.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Of one image.
struct DeviceTotals {
    std::vector<PixelIndex> undecided;  // in rising order; of a list of pixels, places in it
    double solid_angles = 0;            // of all pixels that were decided or tried, if somebody wants it
};

// Holds copies of the plans of a set, whose images are computed together. Calls from several threads follow one another.
class Device {
public:
    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    virtual ~Device() = default;

    virtual std::string name() const = 0;
    // Takes over plans that check_fits() lets through, and that differ in orientation or geometry only. `same_table`: the
    // amplitudes are those of the plans before, and stay.
    virtual void load(const std::vector<const Plan*>& plans, Engine engine, bool same_table) = 0;
    // Fills the images; pixels outside the region or masked become 0. Between parts of the work the watch is asked, which may be
    // null; throws Interrupted.
    virtual std::vector<DeviceTotals> decide(const Target& target, bool wants_solid_angles, const Watch& watch) = 0;
    // Fills the only list of values: the value of pixel i of the only plan is the i-th; 0 for those outside the region or masked,
    // which must not be in it.
    virtual DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const Target& target, const Watch& watch) = 0;
    // What these pixels of the only plan are made of, from the kernel's own values. They lie in the region, are not masked, and
    // carry no state that a device does not follow.
    virtual std::vector<PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) = 0;
    // *places[i] = values[i], in the target's memory.
    virtual void set(const Target& target, const std::vector<float*>& places, const std::vector<float>& values) = 0;
};

// A sentence for people that says why no device can take the run, with the option; empty if one can.
std::string device_refusal(const Plan& plan);
// Throws DeviceError with it.
void check_fits(const Plan& plan, const Device& device);

// The device's functions run by the host, on a copy of the plans in one piece: for tests without a device.
// `double_is_slow`: as on a device where it is.
std::unique_ptr<Device> emulated_device(bool double_is_slow = false);

}  // namespace nbhybrid::kernel
