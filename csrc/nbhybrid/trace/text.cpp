#include "nbhybrid/trace/text.hpp"

#include "nbhybrid/core/text.hpp"
#include "nbhybrid/trace/quantities.hpp"

namespace nbhybrid::trace {

namespace {

using kernel::PixelRecord;

constexpr const char* end_of_interpolation =
    "nbhybrid: from here on the nearest amplitude is taken: a neighbourhood for interpolation has left the table ";

std::string line_of(const Quantity& q) {
    std::string line = std::string("TRACE_CPP: ") + q.name;
    for (int i = 0; i < q.count; ++i) {
        const double value = q.values[static_cast<std::size_t>(i)];
        line += q.integer ? format(" %d", static_cast<int>(value)) : format(" %.15g", value);
    }
    return line + "\n";
}

// The traced pixel that the reference would print first after interpolation has ended elsewhere; no_pixel if there is none.
PixelIndex announces_the_end(const Plan& plan, const std::vector<PixelRecord>& records) {
    const PixelIndex end = plan.view().carry_over.interpolation_ends;
    PixelIndex first = no_pixel;
    for (const PixelRecord& record : records) {
        const PixelIndex pixel = kernel::pixel_index(plan.view(), record.slow, record.fast);
        if (pixel == end) return no_pixel;
        if (record.rendered && pixel > end && pixel < first) first = pixel;
    }
    return first;
}

}  // namespace

std::string summary_text(const Plan& plan, const std::vector<PixelRecord>& records) {
    const PixelIndex announcing = announces_the_end(plan, records);
    std::string text;
    for (const PixelRecord& record : records) {
        text += steps_heading(record);
        if (!record.rendered) continue;
        const std::string origin = origin_of(record);
        if (!origin.empty()) text += "# " + origin + "\n";
        if (kernel::pixel_index(plan.view(), record.slow, record.fast) == announcing) text += end_of_interpolation;
        for (const Quantity& q : quantities_of(plan, record))
            text += q.name == interpolation_ends ? end_of_interpolation : line_of(q);
    }
    return text;
}

std::string origin_of(const PixelRecord& record) {
    using kernel::RoundingTest;
    using kernel::TracedBy;
    if (record.by == TracedBy::scalar_path) return "";
    if (record.by == TracedBy::scalar_path_for_device)
        return "by the scalar path: the device does not follow the state that the reference carries into this pixel";
    if (record.rounding == RoundingTest::none) return "by the device, without a rounding test";
    const std::string bound = format("error bound %.3g photons", record.error_bound);
    if (record.rounding == RoundingTest::decided) return "by the device, decided by the rounding test, " + bound;
    return "by the device, undecided by the rounding test, " + bound + ": the image has the scalar path's value";
}

std::string steps_heading(const PixelRecord& record) {
    const std::string line = format("# pixel %d %d\n", record.slow, record.fast);
    return record.rendered ? line : line + "# not rendered: outside the region of interest, or masked\n";
}

std::string step_line(const kernel::StepRecord& s) {
    return format("%d %d %d %d %d %d %a %a %a %d %d %d %a %a %a %a %a %a\n", s.layer, s.sub_slow, s.sub_fast, s.source, s.phi,
                  s.domain, s.index.x, s.index.y, s.index.z, s.nearest.h, s.nearest.k, s.nearest.l, s.lattice_factor, s.amplitude,
                  s.polarization, s.solid_angle, s.capture, s.intensity);
}

}  // namespace nbhybrid::trace
