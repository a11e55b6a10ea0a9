#include "nbhybrid/core/constants.hpp"
#include "nbhybrid/core/errors.hpp"
#include "nbhybrid/core/text.hpp"
#include "nbhybrid/options/option_table.hpp"

namespace nbhybrid::options {

namespace {

using Options = ReferenceOptions;

constexpr double metres_per_millimetre = 1000;

void set_cell(Options& o, const Words& w, Warnings&) {
    if (!o.crystal.cell) o.crystal.cell.emplace();
    for (std::size_t i = 0; i < w.count(); ++i) {
        const double value = w.positive(i);
        (*o.crystal.cell)[i] = i < 3 ? value : value / degrees_per_radian;
    }
}

void set_misset(Options& o, const Words& w, Warnings&) {
    if (w.text(0).find("rand") != std::string::npos) {
        if (w.count() > 1) throw OptionError(w.option() + " random takes no further values, found " + quoted(w.text(1)));
        o.crystal.misset = Misset::random;
        return;
    }
    if (w.count() != 3) throw OptionError(w.option() + ": expected three angles (degrees) or the word random");
    o.crystal.misset = Misset::angles;
    o.crystal.misset_angles = w.vector() / degrees_per_radian;
}

// The reference takes -misset_seed for -misset too, with the three words after it as angles.
void set_misset_seed(Options& o, const Words& w, Warnings& warnings) {
    o.seeds.misset = -w.integer();
    if (!o.own.semantics.confuses_options() || w.following(2) == nullptr) return;
    const Vec3 angles{parse_prefix_like_atof(*w.following(0)), parse_prefix_like_atof(*w.following(1)),
                      parse_prefix_like_atof(*w.following(2))};
    o.crystal.misset = Misset::angles;
    o.crystal.misset_angles = angles / degrees_per_radian;
    warnings.add("option-accident",
                 format("%s also acts as -misset %g %g %g, as in the reference: put it after the other options, or -misset "
                        "after it",
                        w.option().c_str(), angles.x, angles.y, angles.z));
}

void set_whole_size(Options& o, const Words& w, Warnings&) {
    const double size = w.number() / metres_per_millimetre;
    o.crystal.size = {size, size, size};
    o.crystal.size_options.fill(w.option());
}

template <double Vec3::* edge, std::size_t axis>
void set_size(Options& o, const Words& w, Warnings&) {
    o.crystal.size.*edge = w.number() / metres_per_millimetre;
    o.crystal.size_options[axis] = w.option();
}

template <double Vec3::* edge>
void set_cells(Options& o, const Words& w, Warnings&) {
    o.crystal.cells.*edge = static_cast<double>(w.integer());
}

void set_all_cells(Options& o, const Words& w, Warnings&) {
    const auto cells = static_cast<double>(w.integer());
    o.crystal.cells = {cells, cells, cells};
}

template <CrystalShape shape>
void set_shape(Options& o, const Words&, Warnings&) {
    o.crystal.shape = shape;
}

template <Interpolation interpolation>
void set_interpolation(Options& o, const Words&, Warnings&) {
    o.crystal.interpolation = interpolation;
}

}  // namespace

OptionTopic crystal_options() {
    return {
        "crystal",
        {
            {"-mat -matrix", 1, 1, "FILE", "orientation matrix as MOSFLM writes it: nine numbers, columns a* b* c*",
             [](Options& o, const Words& w, Warnings&) { o.crystal.matrix_file = w.path(); }},
            {"-cell", 1, 6, "a b c al be ga", "unit cell (A, deg); edges left out are a, angles left out 90", set_cell},
            {"-misset", 1, 3, "x y z | random", "rotations about x, y, z (deg) on top of -mat or -cell", set_misset},
            {"-N", 1, 1, "n", "unit cells along each edge of the crystal (1)", set_all_cells},
            {"-Na", 1, 1, "n", "unit cells along a", set_cells<&Vec3::x>},
            {"-Nb", 1, 1, "n", "unit cells along b", set_cells<&Vec3::y>},
            {"-Nc", 1, 1, "n", "unit cells along c", set_cells<&Vec3::z>},
            {"-xtalsize -xtal_size -samplesize -sample_size", 1, 1, "mm", "all edges of the crystal, instead of -N",
             set_whole_size},
            {"-xtal_x -xtal_thick* -sample_x -sample_thick*", 1, 1, "mm", "edge along a", set_size<&Vec3::x, 0>},
            {"-xtal_y -xtal_width -sample_y -sample_width -width", 1, 1, "mm", "edge along b", set_size<&Vec3::y, 1>},
            {"-xtal_z -xtal_height -sample_z -sample_height -height -xtal_heigh -sample_heigh -heigh", 1, 1, "mm", "edge along c",
             set_size<&Vec3::z, 2>},
            {"-square_xtal", 0, 0, "", "parallelepiped (the default)", set_shape<CrystalShape::square>},
            {"-round_xtal", 0, 0, "", "ellipsoid", set_shape<CrystalShape::round>},
            {"-gauss_xtal", 0, 0, "", "Gaussian spots", set_shape<CrystalShape::gauss>},
            {"-tophat_spots -binary_spots", 0, 0, "", "flat spots", set_shape<CrystalShape::tophat>},
            {"-fudge", 1, 1, "factor", "spot size of round, gauss and tophat (1)",
             [](Options& o, const Words& w, Warnings&) { o.crystal.fudge = w.non_negative(); }},
            {"-mosaic -mosaici* -mosaic_spr*", 1, 1, "deg", "mosaic spread (0)",
             [](Options& o, const Words& w, Warnings&) { o.crystal.mosaic_spread = w.number() / degrees_per_radian; }},
            {"-mosaic_domains -mosaic_dom*", 1, 1, "n", "mosaic domains (1, or 10 with a spread)",
             [](Options& o, const Words& w, Warnings&) { o.crystal.mosaic_domains = w.integer(); }},
            {"-hkl", 1, 1, "FILE", "amplitudes: rows h k l F, of the whole sphere: no symmetry is applied",
             [](Options& o, const Words& w, Warnings&) { o.crystal.hkl_file = w.path(); }},
            {"-default_F", 1, 1, "F", "amplitude of what the table lacks (0)",
             [](Options& o, const Words& w, Warnings&) { o.crystal.default_amplitude = w.number(); }},
            {"-dump", 1, 1, "FILE", "binary cache of the table: written with -hkl, read without (Fdump.bin)",
             [](Options& o, const Words& w, Warnings&) {
                 o.crystal.dump_file = w.path();
                 o.crystal.dump_file_given = true;
             }},
            {"-interpolate", 0, 0, "", "interpolate amplitudes between reflections (default: with N of 2 or less)",
             set_interpolation<Interpolation::on>},
            {"-nointerpolate", 0, 0, "", "take the nearest amplitude", set_interpolation<Interpolation::off>},
            {"-mosaic_seed", 1, 1, "n", "seed of the domains (12345678)",
             [](Options& o, const Words& w, Warnings&) { o.seeds.mosaic = -w.integer(); }},
            {"-misset_seed", 1, 1, "n", "seed of -misset random (the time)", set_misset_seed},
        },
    };
}

}  // namespace nbhybrid::options
