#pragma once
// The formats of images that the core writes itself. Each is one entry, in a file of its own (format_NAME.cpp), and
// image_format.cpp lists them. The reference's files, `--output`, series and Python's write_image are all written by these entries:
// the registry in Python (nbhybrid/formats) has them too, beside the formats that need a library.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nbhybrid/core/warnings.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/model/experiment.hpp"

namespace nbhybrid::io {

// What a file holds for each pixel.
enum class PixelType { float32, uint16, uint8 };
std::size_t bytes_of(PixelType type);
const char* name_of(PixelType type);

struct ImageToWrite {
    int fast_pixels = 0, slow_pixels = 0;
    // What was simulated; null if only the pixels are known.
    const Experiment* experiment = nullptr;
    // Integers are made as photons * scale + adc_offset.
    double scale = 1, adc_offset = 0;
    // Gives some rows as the format's type of pixels, which stay until the next call. Throws Interrupted.
    std::function<const void*(int first_row, int rows)> rows;
};

struct ImageFormat {
    std::string_view name;      // in a spec
    std::string_view title;     // in messages
    std::string_view suffixes;  // of file names, in lower case, separated by blanks; the usual one first
    PixelType pixels;
    bool needs_geometry;  // the header says where the detector and the beam are: `experiment` must be there
    bool holds_panels;    // of several panels, one after the other
    void (*write)(OutputFile& file, const ImageToWrite& image);
    // Says what of this experiment the file cannot hold; null where there is nothing to say.
    void (*warn)(const Experiment& experiment, Warnings& warnings);
};

// Those of the reference's files.
extern const ImageFormat raw_format, smv_format, pgm_format;

const std::vector<const ImageFormat*>& image_formats();
// Null if there is no such format.
const ImageFormat* image_format_named(std::string_view name);
// By the end of a file's name.
const ImageFormat* image_format_of(const std::string& path);

// What stands behind the last point of a file's name, in lower case; empty if there is none.
std::string suffix_of(const std::string& path);

// The pixels alone, in the byte order of the machine, some rows at a time: for formats that do not compress.
void write_rows(OutputFile& file, const ImageToWrite& image, PixelType type);

}  // namespace nbhybrid::io
