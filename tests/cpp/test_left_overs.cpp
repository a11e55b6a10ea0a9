// What the stack holds from before decides nothing. `make initialised` looks at everything; these are what it has found.

#include <cstring>

#include "check.hpp"
#include "nbhybrid/kernel/device.hpp"
#include "nbhybrid/run/simulator.hpp"
#include "scene.hpp"

using namespace nbhybrid;
using namespace nbhybrid::test;

namespace {

// Leaves numbers of these bytes where the next call has its variables: not-a-number of 0xff, and a large negative one of 0xfe.
__attribute__((noinline)) void litter(int byte) {
    unsigned char bytes[262144];
    std::memset(bytes, byte, sizeof bytes);
    asm volatile("" : : "r"(&bytes) : "memory");
}

kernel::RenderTotals rendered(const run::Simulator& simulator, std::vector<float>& image) {
    image.assign(pixel_count(simulator.experiment()), -1.0F);
    kernel::RenderRequest request = simulator.request();
    request.target.images = {image.data()};
    return kernel::render(request).images.front();
}

}  // namespace

TEST("left-overs: pairs of pixels without a sensor are decided by a device") {
    for (const char* shape : {"", "-round_xtal", "-gauss_xtal", "-tophat_spots"}) {
        const Experiment e = small_experiment(shape);
        run::Simulator host(e, 1), device(e, 1);
        device.use_device(kernel::emulated_device());
        std::vector<float> expected, found;
        rendered(host, expected);
        for (const int byte : {0xff, 0xfe, 0x3f}) {
            litter(byte);
            CHECK_EQ(rendered(device, found).counts.undecided, 0);
            CHECK(found == expected);
        }
    }
}

TEST("left-overs: the neighbour of a pixel that a spot reaches, and a table") {
    for (const char* shape : {"-gauss_xtal", "-tophat_spots"}) {
        Experiment e = small_experiment(std::string(shape) + " -N 15 -mosaic 1 -mosaic_domains 9");
        give_table(e, 40, 3);
        run::Simulator host(e, 1), device(e, 1);
        CHECK(host.plan().bounds().support.is_limited);
        device.use_device(kernel::emulated_device());
        std::vector<float> expected, found;
        rendered(host, expected);
        for (const int byte : {0xff, 0x3f}) {
            litter(byte);
            CHECK_EQ(rendered(device, found).counts.undecided, 0);
            CHECK(found == expected);
        }
    }
}

TEST("left-overs: pixels that no source reaches are decided at once") {
    const run::Simulator host(small_experiment("-dmin 4000"), 1);
    std::vector<float> image;
    for (const int byte : {0xff, 0xfe, 0x3f}) {
        litter(byte);
        CHECK_EQ(rendered(host, image).counts.twice, 0);
        for (const float pixel : image) CHECK_EQ(pixel, 0.0F);
    }
}
