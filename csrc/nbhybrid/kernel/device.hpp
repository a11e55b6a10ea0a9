#pragma once
// A device as the host sees it: it decides the pixels of a plan, and what it leaves is rendered by the scalar path.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nbhybrid/kernel/render.hpp"
#include "nbhybrid/plan/plan.hpp"

namespace nbhybrid::kernel {

// Where a device writes to: an image for each plan of a set.
struct DeviceImages {
    std::vector<float*> values;
    bool on_device = false;     // else in the host's memory
    std::uintptr_t stream = 0;  // of the device, whose order the work on its memory follows
    bool wants_solid_angles = false;
};

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
    virtual std::vector<DeviceTotals> decide(const DeviceImages& images, const Watch& watch) = 0;
    // values[i] for pixel i of a list, of the only plan; 0 for those outside the region or masked, which must not be in it.
    virtual DeviceTotals decide_list(const std::vector<PixelIndex>& pixels, const DeviceImages& values, const Watch& watch) = 0;
    // What these pixels of the only plan are made of, from the kernel's own values. They lie in the region, are not masked, and
    // carry no state that a device does not follow.
    virtual std::vector<PixelRecord> trace(const std::vector<PixelIndex>& pixels, bool with_steps) = 0;
    // *places[i] = values[i], where the images are.
    virtual void set(const DeviceImages& images, const std::vector<float*>& places, const std::vector<float>& values) = 0;
};

// A sentence for people that says why no device can take the run, with the option; empty if one can.
std::string device_refusal(const Plan& plan);
// Throws DeviceError with it.
void check_fits(const Plan& plan, const Device& device);

// As render() and render_pixels(), with the device's help. Tracing does not change the image. For an image in the device's
// memory nothing is waited for that the result does not depend on.
RenderTotals render_on(Device& device, const Plan& plan, const DeviceImages& image, TraceRequest& traces, int threads,
                       StopSign& stop, const Watch& watch, const Way& way);
// Fills the records of these pixels, of which the device traces those that it may decide, and the scalar path the others.
void trace_on(Device& device, const Plan& plan, TraceRequest& traces);
void render_pixels_on(Device& device, const Plan& plan, const std::vector<PixelAddress>& pixels, const DeviceImages& values,
                      int threads, StopSign& stop, const Watch& watch);
// The images of a set, whose plans the device holds.
void render_set_on(Device& device, const std::vector<const Plan*>& plans, const DeviceImages& images, int threads, StopSign& stop,
                   const Watch& watch);

// The device's functions run by the host, on a copy of the plans in one piece: for tests without a device.
// `double_is_slow`: as on a device where it is.
std::unique_ptr<Device> emulated_device(bool double_is_slow = false);

}  // namespace nbhybrid::kernel
