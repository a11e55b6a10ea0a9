#include <cmath>
#include <cstring>

#include "check.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/io/image_format.hpp"
#include "nbhybrid/io/output.hpp"
#include "nbhybrid/io/smv.hpp"

using namespace nbhybrid;
using nbhybrid::io::SmvHeader;
using nbhybrid::io::SmvImage;
using nbhybrid::test::read_bytes;
using nbhybrid::test::TemporaryFolder;
using nbhybrid::test::write_bytes;

namespace {

// Parts of a small image, to be changed one at a time.
struct Parts {
    std::string first = "{\nHEADER_BYTES=512;\n";
    std::string order = "BYTE_ORDER=little_endian;\n";
    std::string type = "TYPE=unsigned_short;\n";
    std::string sizes = "SIZE1=3;\nSIZE2=2;\n";
    std::string more;
    std::size_t header_bytes = 512;
    std::string pixels = std::string("\x01\x00\x02\x00\x00\x00\xff\xff\x34\x12\x00\x00", 12);

    std::string bytes() const {
        std::string text = first + "DIM=2;\n" + order + type + sizes + more + "}\f";
        if (text.size() < header_bytes) text.append(header_bytes - text.size(), ' ');
        return text + pixels;
    }
};

SmvImage parse(const Parts& parts) { return io::parse_smv(parts.bytes(), "m.img"); }

Parts with_more(const std::string& more) {
    Parts parts;
    parts.more = more;
    return parts;
}

SmvImage with_header(const std::string& header) {
    SmvImage image;
    image.header = header;
    return image;
}

SmvHeader lysozyme() {
    SmvHeader header;
    header.fast_pixels = 2463;
    header.slow_pixels = 2527;
    header.pixel_size_mm = 0.172;
    header.distance_mm = 231.27466;
    header.wavelength_angstrom = 0.9768;
    header.beam_center_x_mm = 217.742295;
    header.beam_center_y_mm = 213.90708;
    header.adxv_center_x_mm = 217.88912;
    header.adxv_center_y_mm = 219.60123;
    header.mosflm_center_x_mm = 214.95677;
    header.mosflm_center_y_mm = 217.80312;
    header.denzo_x_beam_mm = 215.04277;
    header.denzo_y_beam_mm = 217.88912;
    header.dials_origin_mm = {-230.192, 216.343, 216.476};
    header.xds_org_x_pixels = 1266.4412;
    header.xds_org_y_pixels = 1244.1501;
    header.close_distance_mm = 231.27199;
    header.osc_range_deg = 0.1;
    return header;
}

}  // namespace

TEST("smv: sizes, header and pixels") {
    const SmvImage image = parse(with_more("DISTANCE=88.5;\n"));
    CHECK_EQ(image.header_bytes, 512);
    CHECK_EQ(image.header.size(), std::size_t{512});
    CHECK_EQ(image.fast_pixels, 3);
    CHECK_EQ(image.slow_pixels, 2);
    CHECK_EQ(image.pixels.size(), std::size_t{6});
    CHECK(std::memcmp(image.pixels.data(), Parts().pixels.data(), 12) == 0);
    CHECK_EQ(image.header_value("DISTANCE").value(), 88.5);
    CHECK(!image.header_value("WAVELENGTH").has_value());
}

TEST("smv: pixels of the other byte order are not swapped") {
    Parts parts;
    parts.order = "BYTE_ORDER=big_endian;\n";
    CHECK(parse(parts).pixels == parse(Parts()).pixels);
}

TEST("smv: the last place of a keyword counts, also inside another word") {
    CHECK_EQ(with_header("DISTANCE=100;\nCLOSE_DISTANCE=90;\n").header_value("DISTANCE").value(), 90.0);
    CHECK_EQ(with_header("CLOSE_DISTANCE=90;\nDISTANCE=100;\n").header_value("DISTANCE").value(), 100.0);
    CHECK_EQ(with_header("CLOSE_DISTANCE=90;\nDISTANCE=100;\n").header_value("CLOSE_DISTANCE").value(), 90.0);
    CHECK_EQ(with_header("PHI=1;\nPHI=2;\n").header_value("PHI").value(), 2.0);
    CHECK_EQ(with_header("XDS_ORGX=12.5;\n").header_value("ORGX").value(), 12.5);
    CHECK_EQ(with_header("PHI;\nOSC=3;\n").header_value("PHI").value(), 3.0);
}

TEST("smv: odd values in a header") {
    CHECK_EQ(with_header("PHI").header_value("PHI").value(), 0.0);
    CHECK_EQ(with_header("PHI=;\n").header_value("PHI").value(), 0.0);
    CHECK_EQ(with_header("PHI=east;\n").header_value("PHI").value(), 0.0);
    CHECK_EQ(with_header("PHI= \n 12.5deg;\n").header_value("PHI").value(), 12.5);
    CHECK_EQ(with_header("PHI=1,5;\n").header_value("PHI").value(), 1.0);
    CHECK(!with_header("PHI=nan;\n").header_value("PHI").has_value());
    CHECK(std::isinf(with_header("PHI=inf;\n").header_value("PHI").value()));
    CHECK(!with_header("").header_value("PHI").has_value());
}

TEST("smv: the text of a header ends at a zero byte") {
    const SmvImage image = parse(with_more(std::string("AA=1;\n\0QQ=2;\n", 13)));
    CHECK_EQ(image.header_value("AA").value(), 1.0);
    CHECK(!image.header_value("QQ").has_value());
    CHECK_EQ(image.header_bytes, 512);
}

TEST("smv: longer and shorter headers") {
    Parts parts;
    parts.first = "{\nHEADER_BYTES= 1024;\n";
    parts.header_bytes = 1024;
    parts.more = std::string(600, '\n') + "PHI=5;\n";
    CHECK_EQ(parse(parts).header_bytes, 1024);
    CHECK_EQ(parse(parts).header_value("PHI").value(), 5.0);
    parts = Parts();
    parts.first = "{\nHEADER_BYTES=256;\n";
    parts.header_bytes = 256;
    CHECK_EQ(parse(parts).pixels.at(3), 65535);
}

TEST("smv: sizes by DETECTOR_DIMENSIONS") {
    Parts parts;
    parts.pixels = std::string(8, 'x');
    for (const char* sizes : {"SIZE1=0;\nSIZE2=7;\nDETECTOR_DIMENSIONS=2;\n", "DETECTOR_DIMENSIONS=2 2;\n"}) {
        parts.sizes = sizes;
        CHECK_EQ(parse(parts).fast_pixels, 2);
        CHECK_EQ(parse(parts).slow_pixels, 2);
    }
    parts.sizes = "SIZE1=0;\n";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "m.img: its header has neither a SIZE1 other than 0 nor DETECTOR_DIMENSIONS");
}

TEST("smv: sizes that cannot be") {
    Parts parts;
    const auto refused = [&](const std::string& sizes, const std::string& message) {
        parts.sizes = sizes;
        CHECK_THROWS_WITH(parse(parts), InputFileError, message);
    };
    refused("SIZE1=-3;\nSIZE2=2;\n", "m.img: SIZE1 is -3, expected a number of pixels from 1 to 2147483647");
    refused("SIZE1=3;\nSIZE2=0;\n", "m.img: SIZE2 is 0");
    refused("SIZE1=3;\n", "m.img: SIZE2 is 0");
    refused("SIZE1=3;\nSIZE2=inf;\n", "SIZE2 is inf");
    refused("SIZE1=2147483648;\nSIZE2=1;\n", "SIZE1 is 2.14748e+09");
    refused("SIZE1=nan;\nSIZE2=1;\n", "neither a SIZE1");
    refused("SIZE1=100000;\nSIZE2=100000;\n", "its header says 100000 x 100000 pixels, more than an image can have");
    refused("DETECTOR_DIMENSIONS=0;\n", "DETECTOR_DIMENSIONS is 0");
}

TEST("smv: truncated files") {
    Parts parts;
    parts.pixels.pop_back();
    CHECK_THROWS_WITH(parse(parts), InputFileError, "m.img: is truncated: found 11 bytes of pixels, expected 12 for 3 x 2 pixels");
    parts.pixels = "";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "found 0 bytes of pixels");
    CHECK_THROWS_WITH(io::parse_smv(parts.bytes().substr(0, 100), "m.img"), InputFileError,
                      "m.img: is truncated: found 100 bytes, HEADER_BYTES is 512");
    parts.pixels = std::string(100, 'x');
    CHECK_EQ(parse(parts).pixels.size(), std::size_t{6});
}

TEST("smv: foreign files and absurd headers") {
    for (const std::string bytes : {"", "{", "P5\n10 10\n255\n", "{\r\nHEADER_BYTES=512;", "{\nDIM=2;"}) {
        CHECK_THROWS_WITH(io::parse_smv(bytes, "m.img"), InputFileError, "m.img: is not an SMV image");
    }
    Parts parts;
    for (const char* size : {"0", "-512", "x", "1e9", "inf", "nan", ""}) {
        parts.first = std::string("{\nHEADER_BYTES=") + size + ";\n";
        CHECK_THROWS_WITH(parse(parts), InputFileError, "expected a number from 1 to 16777216");
    }
    parts.first = "{\nHEADER_BYTES=511;\n";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "HEADER_BYTES is 511, expected an even number");
}

TEST("smv: byte order and type") {
    Parts parts;
    parts.order = "";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "m.img: its header lacks BYTE_ORDER");
    parts.order = "BYTE_ORDER=middle_endian;\n";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "BYTE_ORDER is \"middle_endian\", expected little_endian or big_endian");
    parts.order = "BYTE_ORDER= little_endian ;\n";
    CHECK_EQ(parse(parts).fast_pixels, 3);
    parts.type = "TYPE=float;\n";
    CHECK_THROWS_WITH(parse(parts), InputFileError, "m.img: TYPE is \"float\", expected unsigned_short");
    parts.type = "DETECTOR_TYPE=CCD;\n";
    CHECK_EQ(parse(parts).fast_pixels, 3);
    parts.type = "TYPE=unsigned_short;\nDETECTOR_TYPE=CCD;\n";
    CHECK_EQ(parse(parts).fast_pixels, 3);
}

TEST("smv: the header of a written image") {
    const std::string text = io::smv_header_text(lysozyme());
    // The reference's header of the same experiment.
    const std::string expected =
        "{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=2463;\nSIZE2=2527;\n"
        "PIXEL_SIZE=0.172;\nDISTANCE=231.275;\nWAVELENGTH=0.9768;\nBEAM_CENTER_X=217.742;\nBEAM_CENTER_Y=213.907;\n"
        "ADXV_CENTER_X=217.889;\nADXV_CENTER_Y=219.601;\nMOSFLM_CENTER_X=214.957;\nMOSFLM_CENTER_Y=217.803;\n"
        "DENZO_X_BEAM=215.043;\nDENZO_Y_BEAM=217.889;\nDIALS_ORIGIN=-230.192,216.343,216.476\nXDS_ORGX=1266.44;\n"
        "XDS_ORGY=1244.15;\nCLOSE_DISTANCE=231.272;\nPHI=0;\nOSC_START=0;\nOSC_RANGE=0.1;\nTWOTHETA=0;\n"
        "DETECTOR_SN=000;\nBEAMLINE=fake;\n}\f";
    // This one is longer than it says.
    CHECK(expected.size() > 512);
    CHECK_EQ(text, expected);
}

TEST("smv: a shorter header is padded with blanks") {
    SmvHeader header;
    header.fast_pixels = header.slow_pixels = 10;
    header.phi_deg = 12.5;
    const std::string text = io::smv_header_text(header);
    CHECK_EQ(text.size(), std::size_t{512});
    CHECK_EQ(text.find_last_not_of(' '), text.find("}\f") + 1);
    CHECK(text.find("PHI=12.5;\nOSC_START=12.5;\nOSC_RANGE=0;\n") != std::string::npos);
}

TEST("smv: whole keys begin a statement, and of several the last counts") {
    const auto value = [](const std::string& lines, const char* key) {
        return with_header(lines).header_value(key, io::HeaderKeys::whole);
    };
    CHECK_EQ(value("DISTANCE=100;\nCLOSE_DISTANCE=90;\n", "DISTANCE").value(), 100.0);
    CHECK_EQ(value("PHI = 1;PHI=2 deg\nAXIS=PHI;\nEND=9;\n", "PHI").value(), 2.0);
    CHECK_EQ(value("NOTE=PHI=3;\n", "NOTE").value(), 0.0);
    CHECK(!value("NOTE=PHI=3;\nXDS_ORGX=4;\nPHI;\n", "PHI").has_value());
    CHECK(!value("XDS_ORGX=4;\n", "ORGX").has_value());
    CHECK(!value("PHI=nan;\n", "PHI").has_value());
    CHECK_EQ(with_header("A=mosflm ;\nB=1,2\n").header_text("A").value(), std::string("mosflm"));
    CHECK_EQ(with_header("A=mosflm ;\nB=1,2\n").header_text("B").value(), std::string("1,2"));
}

TEST("smv: a header with more statements than the reference's says how long it is") {
    SmvHeader header = lysozyme();
    header.digits = 15;
    for (const std::size_t letters : {3, 100, 1000}) {
        header.more = {"ADC_OFFSET=40", "NOTE=" + std::string(letters, 'x')};
        const std::string text = io::smv_header_text(header);
        CHECK_EQ(text.size() % 512, std::size_t{0});
        CHECK(text.find("HEADER_BYTES=" + std::to_string(text.size()) + ";\n") != std::string::npos);
        CHECK(text.find("ADC_OFFSET=40;\nNOTE=x") != std::string::npos);
    }
}

TEST("smv: a written image is read again") {
    const TemporaryFolder folder;
    SmvHeader header;
    header.fast_pixels = 4;
    header.slow_pixels = 2;
    header.distance_mm = 100;
    header.close_distance_mm = 99;
    const std::vector<std::uint16_t> pixels{0, 1, 40, 65535, 256, 255, 7, 8};
    io::OutputFile file(folder / "a.img");
    file.write(io::smv_header_text(header));
    io::ImageToWrite written;
    written.fast_pixels = 4;
    written.slow_pixels = 2;
    written.rows = [&](int first, int) { return pixels.data() + 4 * first; };
    io::write_rows(file, written, io::PixelType::uint16);
    file.commit();
    const SmvImage image = io::read_smv(folder / "a.img", io::HeaderKeys::anywhere);
    CHECK(image.pixels == pixels);
    CHECK_EQ(image.fast_pixels, 4);
    CHECK_EQ(image.header_value("DISTANCE").value(), 99.0);
    CHECK_THROWS_WITH(io::read_smv(folder / "b.img", io::HeaderKeys::anywhere), InputFileError,
                      "b.img: cannot be read: No such file or directory");
}

TEST("image formats: PGM and raw layouts, by name and by suffix") {
    const TemporaryFolder folder;
    io::OutputFile pgm(folder / "a.pgm");
    const std::vector<std::uint8_t> grey{0, 128, 255};
    io::ImageToWrite picture;
    picture.fast_pixels = 3;
    picture.slow_pixels = 1;
    picture.scale = 0.1234567;
    picture.rows = [&](int, int) { return grey.data(); };
    io::pgm_format.write(pgm, picture);
    pgm.commit();
    CHECK_EQ(read_bytes(folder / "a.pgm"), std::string("P5\n3 1\n# pixels scaled by 0.123457\n255\n\0\x80\xff", 42));

    io::OutputFile file(folder / "a.bin");
    const std::vector<float> pixels{0.0F, 1.5F, -2.0F, 3e30F};
    io::ImageToWrite raw;
    raw.fast_pixels = 1;
    raw.slow_pixels = 4;
    raw.rows = [&](int first, int) { return pixels.data() + first; };
    io::image_format_of("x/y.BIN")->write(file, raw);
    file.commit();
    const std::string bytes = read_bytes(folder / "a.bin");
    CHECK_EQ(bytes.size(), std::size_t{16});
    CHECK(std::memcmp(bytes.data(), pixels.data(), 16) == 0);

    CHECK(io::image_format_of("a.smv") == &io::smv_format);
    CHECK(io::image_format_named("smv") == &io::smv_format);
    for (const char* path : {"a.im", "img", "a.img/b", "a.", ""}) CHECK(io::image_format_of(path) == nullptr);
    CHECK(io::image_format_named("img") == nullptr);
}

TEST("image formats: large images come in blocks of rows") {
    const TemporaryFolder folder;
    constexpr int fast = 1000, slow = 300;
    std::vector<float> pixels(fast * slow);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i);
    io::ImageToWrite image;
    image.fast_pixels = fast;
    image.slow_pixels = slow;
    int next = 0;
    image.rows = [&](int first, int rows) {
        CHECK_EQ(first, next);
        next = first + rows;
        return pixels.data() + static_cast<std::ptrdiff_t>(first) * fast;
    };
    io::OutputFile file(folder / "a.bin", io::Staging::none);
    CHECK(!file.is_staged());
    io::raw_format.write(file, image);
    file.commit();
    CHECK_EQ(next, slow);
    const std::string bytes = read_bytes(folder / "a.bin");
    CHECK_EQ(bytes.size(), pixels.size() * sizeof(float));
    CHECK(std::memcmp(bytes.data(), pixels.data(), bytes.size()) == 0);
}
