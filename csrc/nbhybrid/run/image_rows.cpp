#include "nbhybrid/run/image_rows.hpp"

#include <vector>

#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/kernel/vector_kernel.hpp"

namespace nbhybrid::run {

namespace {

const image::PixelLoops& best_loops() { return image::pixel_loops(kernel::vector_kernel().isa); }

// row(slow, place) makes a row of pixels.
template <class Pixel, class Row>
io::ImageToWrite made_row_by_row(const image::ImageView& image, const Ask& ask, Row row) {
    io::ImageToWrite made;
    made.fast_pixels = image.fast_pixels;
    made.slow_pixels = image.slow_pixels;
    made.rows = [image, ask, row, block = std::vector<Pixel>()](int first, int rows) mutable -> const void* {
        if (ask) ask();
        block.resize(static_cast<std::size_t>(image.at(rows, 0)));
        for (int i = 0; i < rows; ++i) row(first + i, block.data() + image.at(i, 0));
        return block.data();
    };
    return made;
}

}  // namespace

io::ImageToWrite expected_photons(const image::ImageView& image, const Ask& ask) {
    io::ImageToWrite made;
    made.fast_pixels = image.fast_pixels;
    made.slow_pixels = image.slow_pixels;
    made.rows = [image, ask](int first, int) -> const void* {
        if (ask) ask();
        return image.pixels + image.at(first, 0);
    };
    return made;
}

io::ImageToWrite whole_photons(const image::ImageView& image, double adc_offset, const Ask& ask) {
    io::ImageToWrite made = made_row_by_row<std::uint16_t>(
        image, ask, [=](int slow, std::uint16_t* row) { image::count_row(image, slow, adc_offset, row); });
    made.adc_offset = adc_offset;
    return made;
}

io::ImageToWrite scaled_photons(const image::ImageView& image, double scale, double adc_offset, const Ask& ask) {
    io::ImageToWrite made = made_row_by_row<std::uint16_t>(
        image, ask, [=](int slow, std::uint16_t* row) { image::integer_row(image, slow, scale, adc_offset, row, best_loops()); });
    made.scale = scale;
    made.adc_offset = adc_offset;
    return made;
}

io::ImageToWrite grey_values(const image::ImageView& image, double scale, const Ask& ask) {
    io::ImageToWrite made = made_row_by_row<std::uint8_t>(
        image, ask, [=](int slow, std::uint8_t* row) { image::pgm_row(image, slow, scale, row, best_loops()); });
    made.scale = scale;
    return made;
}

io::ImageToWrite counted_photons(const image::ImageView& image, const SharedDeviates& deviates, StreamState state,
                                 double adc_offset, image::NoiseTotals& totals, const Ask& ask) {
    io::ImageToWrite made = made_row_by_row<std::uint16_t>(
        image, ask, [image, stream = deviates, state, adc_offset, &totals](int slow, std::uint16_t* row) mutable {
            image::noise_row(image, slow, adc_offset, stream, state, totals, row);
        });
    made.adc_offset = adc_offset;
    return made;
}

io::ImageToWrite usual_rows(const io::ImageFormat& format, const image::ImageView& image, double adc_offset, const Ask& ask) {
    switch (format.pixels) {
        case io::PixelType::float32: return expected_photons(image, ask);
        case io::PixelType::uint16: return whole_photons(image, adc_offset, ask);
        case io::PixelType::uint8: break;
    }
    const image::Statistics statistics = image::measure(image, best_loops());
    return grey_values(image, image::pgm_scale(0, image::integer_scale(0, statistics), statistics), ask);
}

void write_image(const io::ImageFormat& format, const std::string& path, const image::ImageView& image,
                 const Experiment* experiment, double adc_offset, const Ask& ask) {
    if (format.needs_geometry && experiment == nullptr)
        throw OutputFileError(
            path, std::string(format.title) + " tells where the detector is, expected the experiment beside the pixels");
    io::OutputFile file(path, io::Staging::none);
    io::ImageToWrite made = usual_rows(format, image, adc_offset, ask);
    made.experiment = experiment;
    format.write(file, made);
    file.commit();
}

}  // namespace nbhybrid::run
