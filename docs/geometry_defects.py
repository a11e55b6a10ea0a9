"""What the reference's defects of geometry and headers cost: measured for defects.py, which holds the rest.

Each function takes a case of defects.py and returns the numbers as they stand in defects.md.
"""

import numpy as np


def smv_bytes(keys, size=400):
    """Return an SMV image of size x size pixels whose header has these KEY=value words."""
    lines = ["HEADER_BYTES=512", "DIM=2", "BYTE_ORDER=little_endian", "TYPE=unsigned_short", f"SIZE1={size}", f"SIZE2={size}"]
    header = "{\n" + "".join(f"{line};\n" for line in [*lines, *keys]) + "}\f"
    return header.ljust(512).encode() + np.ones(size * size, "<u2").tobytes()


def input_files():
    """Return the input files of these cases (name: bytes)."""
    usual = ["PIXEL_SIZE=0.172", "DISTANCE=120", "WAVELENGTH=0.9768"]
    return {
        "mask.img": smv_bytes([*usual, "BEAM_CENTER_X=33.1", "BEAM_CENTER_Y=30.2"]),
        "keys.img": smv_bytes([*usual, "SOURCE_WAVELENGTH=1 0.9768"]),
    }


def pixels_between(first, second):
    """Return in words how far two places are apart, in pixels."""
    return f"{np.linalg.norm(first - second):.0f} pixels"


def r_of_images(case):
    """Return sum |I - I'| / sum I' over all pixels, in per cent."""
    defect, corrected = case.both()
    return f"{100 * np.abs(defect - corrected).sum() / corrected.sum():.0f} %"


def beam_center(case, _):
    """Measure where the beam meets the detector: an ignored beam centre, and an ignored ORGX."""
    org = case.replacing(("-xds -Xbeam 10 -Ybeam 12", "-mosflm -ORGX 58.6395 -ORGY 70.2674"))
    return {
        "shift of the beam": pixels_between(case.run().beam_place(), case.run(True).beam_place()),
        "shift of the beam, -mosflm -ORGX": pixels_between(org.run().beam_place(), org.run(True).beam_place()),
    }


def mask_header(case, _):
    """Measure where the beam meets the detector."""
    return {"shift of the beam": pixels_between(case.run().beam_place(), case.run(True).beam_place())}


def last_word(case, _):
    """Measure the image, and the angle of its last pixel."""
    flat, curved = case.run(), case.run(True)
    middle, size, distance = flat.beam_place(), flat.image.shape[0], flat.detector["distance_mm"]
    reach = (size - 1 - middle[0]) * flat.detector["pixel_size_mm"]
    return {
        "angle at the edge, reference": f"{np.degrees(np.arctan2(reach, distance)):.1f} degrees",
        "angle at the edge, corrected": f"{np.degrees(reach / curved.detector['distance_mm']):.1f} degrees",
        "R": r_of_images(case),
    }


def distance(case, _):
    """Measure distances and the spacing at a corner, and what the header says where -distance was given."""
    runs = case.run(), case.run(True)
    along = case.replacing(("-close_distance 100", "-distance 100"))
    spacings = [1 / np.linalg.norm(run.scattering(run.vector("origin_mm"))) for run in runs]
    return {
        "along the normal, reference": f"{runs[0].detector['close_distance_mm']:.2f} mm",
        "along the normal, corrected": f"{runs[1].detector['close_distance_mm']:.2f} mm",
        "spacing at the corner, reference": f"{spacings[0]:.3f} A",
        "spacing at the corner, corrected": f"{spacings[1]:.3f} A",
        "DISTANCE in the header for -distance, reference": f"{float(along.run().header['DISTANCE']):.2f}",
        "DISTANCE in the header for -distance, corrected": f"{float(along.run(True).header['DISTANCE']):.0f}",
    }


def header_keys(case, _):
    """Measure the wavelength and the image."""
    return {
        "wavelength, reference": f"{case.run().beam['wavelength_angstrom']:.4f} A",
        "wavelength, corrected": f"{case.run(True).beam['wavelength_angstrom']:.4f} A",
        "R": r_of_images(case),
    }


def centre_for_dxtbx(header):
    """Return the beam centre, fast and slow in pixels, that dxtbx (3.28) finds in the header of a file of BEAMLINE=fake."""
    pixel = float(header["PIXEL_SIZE"])
    x, y = float(header["BEAM_CENTER_X"]), float(header["BEAM_CENTER_Y"])
    return np.array([x / pixel + 1, int(header["SIZE2"]) - y / pixel + 1])


def header_center(case, _):
    """Measure how far from the beam centre dxtbx sees it, and the pedestal that it takes off."""
    runs = case.run(), case.run(True)
    errors = [np.linalg.norm(centre_for_dxtbx(run.header) - (run.beam_place() + 0.5)) for run in runs]
    return {
        "error of the centre, reference": f"{errors[0]:.1f} pixels",
        "error of the centre, corrected": f"{errors[1]:.2f} pixels",
        "pedestal, reference": f"{float(runs[0].header.get('ADC_OFFSET', 1)):.0f}",
        "pedestal, corrected": f"{float(runs[1].header['ADC_OFFSET']):.0f}",
    }
