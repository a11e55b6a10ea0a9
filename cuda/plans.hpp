#pragma once
// The plans of a set in a device's memory.

#include <cuda_runtime_api.h>

#include <vector>

#include "memory.hpp"
#include "nbhybrid/kernel/device_launch.hpp"
#include "nbhybrid/kernel/flat_plan.hpp"
#include "upload.hpp"

namespace nbhybrid::cuda {

class LoadedPlans {
public:
    // Work that uses the plans before must be over, or in the order of this stream.
    void load(const std::vector<const Plan*>& plans, kernel::Arithmetic arithmetic, bool same_table, cudaStream_t stream);

    int count() const { return static_cast<int>(views_.size()); }
    // Of each image.
    std::vector<std::size_t> pixels() const;
    const PlanView& view(int image) const { return views_[static_cast<std::size_t>(image)]; }
    const PixelBounds& bounds(int image) const { return jobs_[static_cast<std::size_t>(image)].bounds; }
    kernel::Arithmetic arithmetic() const { return arithmetic_; }
    bool decides() const { return arithmetic_ == kernel::Arithmetic::exact; }
    physics::CrystalShape shape() const { return shape_; }
    std::int64_t orientations() const;
    // Of all images the most steps of a pixel, and the most places.
    double most_steps() const;
    std::int64_t most_places() const;

    // Which image of the set the number of a pixel means, and which of its pixels.
    int image_of(PixelIndex number) const;
    PixelIndex pixel_of(PixelIndex number) const { return number - first_numbers_[static_cast<std::size_t>(image_of(number))]; }

    // Where the images are from now on.
    void put_images(const std::vector<float*>& values, cudaStream_t stream);
    // Tells a launch of some of them.
    void tell(kernel::DeviceLaunch& launch, int first_image, int images) const;

private:
    Memory memory_{Memory::Where::device, "the plans"};
    Memory table_{Memory::Where::device, "the table of amplitudes"};
    Memory jobs_on_device_{Memory::Where::device, "what the kernels are told of the images"};
    Upload upload_{"the plans"}, table_upload_{"the table of amplitudes"}, jobs_upload_{"what the kernels are told"};
    std::size_t table_bytes_ = 0;
    std::vector<PlanView> views_;
    std::vector<kernel::DeviceImageJob> jobs_;
    std::vector<PixelIndex> first_numbers_;
    std::vector<float*> values_;
    physics::CrystalShape shape_ = physics::CrystalShape::square;
    kernel::Arithmetic arithmetic_ = kernel::Arithmetic::exact;
};

}  // namespace nbhybrid::cuda
