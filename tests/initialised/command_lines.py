"""The command lines of `make initialised`, for files in the folder of the golden runs' inputs.

The detector's rows hold a full block of the vector kernel, and a part of one.
"""

DETECTOR = "-distance 100 -lambda 1 -pixel 0.8 -detpixels_f 70 -detpixels_s 3"
CRYSTAL = "-cell 70 80 90 75 85 95 -misset 10 20 30 -seed 1 -dump /nonexistent/dump"
CONSTANT = f"{CRYSTAL} -default_F 100 -N 5"
TABLE = f"{CRYSTAL} -hkl small.hkl -default_F 25 -N 5 -nointerpolate"
# So narrow that most orientations reach no pixel.
NARROW = TABLE.replace("-N 5", "-N 15") + " -mosaic 1 -mosaic_domains 9"
SENSOR = "-detector_abs 300 -detector_thick 450 -detector_thicksteps 2"
SOURCES = "-hdivrange 8 -hdivsteps 2 -dispersion 1 -dispsteps 2"

# For each shape of the crystal.
EACH_SHAPE = [
    f"{CONSTANT} {DETECTOR} -oversample 1",
    f"{NARROW} {DETECTOR} -oversample 1",
    f"{TABLE} {DETECTOR} -oversample 1 {SENSOR} -mosaic 0.5 -mosaic_domains 3 -phi 0 -osc 1 -phisteps 2",
    f"{CONSTANT} {DETECTOR} -oversample 2 {SOURCES} -curved_det 1",
    f"{CONSTANT} -distance 100 -lambda 1 -pixel 0.4 -detpixels 80 -oversample 1 -mask mask.img -roi 4 79 20 22",
    f"{TABLE} {DETECTOR} -oversample 2 --semantics corrected -sourcefile sources5.txt -oversample_thick -oversample_polar"
    f" -oversample_omega {SENSOR}",
    # Sources that reach some pixels, and none.
    f"{TABLE} {DETECTOR} -oversample 1 {SOURCES} -dmin 4 {SENSOR} -mosaic 0.5 -mosaic_domains 5",
    f"{CONSTANT} {DETECTOR} -oversample 1 -dmin 4000",
]
SHAPES = ["-square_xtal", "-round_xtal", "-gauss_xtal", "-tophat_spots"]

# What does not depend on the shape.
OTHERS = [
    f"{CONSTANT} {DETECTOR} -oversample 1 -nopolar -point_pixel -water 5 -fluence 1e24",
    f"{CONSTANT} {DETECTOR} -oversample 2 -oversample_thick -oversample_polar -oversample_omega {SENSOR}",
    f"{CONSTANT} {DETECTOR} -oversample 1 -xtalsize 0.00012 --semantics corrected,pix0-overwritten -hdivrange 8 -hdivsteps 3",
    f"{TABLE.replace('-nointerpolate', '-interpolate')} {DETECTOR} -oversample 1",
]

ALL = [f"{line} {shape}" for shape in SHAPES for line in EACH_SHAPE] + OTHERS

# Of whole runs, with all files that they write.
RUNS = [
    f"{CONSTANT} {DETECTOR} -oversample 1 -fluence 1e28",
    f"-cell 70 80 90 75 85 95 -hkl small.hkl -N 5 {DETECTOR} -oversample 1 -water 3 -fluence 1e28 -mosaic 0.5 -mosaic_domains 3"
    " --trace-pixel 2 3 -printout",
]
