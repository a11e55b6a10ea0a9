"""Changes of images in numbers and in pictures, for defects.py."""

import io
import pathlib

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from PIL import Image

PICTURES = pathlib.Path(__file__).resolve().parent / "images" / "defects"
PHOTONS = "gist_heat_r"
mpl.rcParams.update({"font.size": 8, "axes.titlesize": 10, "axes.labelsize": 9, "figure.titlesize": 11, "savefig.dpi": 90})


def over(defect, corrected):
    """Return the ratio of two images, 1 where the second is 0."""
    return np.divide(defect, corrected, out=np.ones_like(corrected), where=corrected > 0)


def percent(ratio, digits=1):
    """Return a ratio of reference to corrected as the change in per cent."""
    return f"{100 * (ratio - 1):+.{digits}f} %"


def share(fraction, digits=0):
    """Return a fraction in per cent."""
    return f"{100 * fraction:.{digits}f} %"


def spots(defect, corrected, reach=3, faintest=0.01):
    """Return both integrals of each spot (a square box around a maximum of the mean), and where the strongest one is."""
    mean = (defect + corrected) / 2
    size = 2 * reach + 1
    boxes = np.lib.stride_tricks.sliding_window_view
    inner = mean[reach:-reach, reach:-reach]
    peaks = np.argwhere((inner == boxes(mean, (size, size)).max(axis=(2, 3))) & (inner > 0))
    old, new = (boxes(image, (size, size))[tuple(peaks.T)].sum(axis=(1, 2)) for image in (defect, corrected))
    strong = old + new > faintest * (old + new).max()
    return old[strong], new[strong], peaks[np.argmax(new)] + reach


def r_factor(defect, corrected):
    """Return sum |I - I'| / sum I' in per cent."""
    return share(np.abs(defect - corrected).sum() / corrected.sum())


# Pictures. A box is (fast first, fast last, slow first, slow last), the last ones left out.


def save(figure, name, title):
    """Write the figure with a palette, which keeps it small."""
    figure.suptitle(f"{name}: {title}")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    picture = Image.open(buffer).convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture.save(PICTURES / f"{name}.png", optimize=True)


def where_changed(defect, corrected, size=60):
    """Return a box of this size in which most strong pixels differ by a tenth or more."""
    changed = (corrected > 1e-3 * corrected.max()) & (np.abs(over(defect, corrected) - 1) > 0.1)
    counts = np.lib.stride_tricks.sliding_window_view(changed, (size, size))[::5, ::5].sum(axis=(2, 3))
    slow, fast = (5 * int(i) for i in np.unravel_index(counts.argmax(), counts.shape))
    return fast, fast + size, slow, slow + size


def draw(case, images, title, box=None, bins=1, decades=4, limit=None, faintest=0.0, unit=None, crosses=((), ())):
    """Draw both images, as sums over squares of pixels if bins is not 1, and with a limit also the change up to it."""
    box = box or (0, images[0].shape[1], 0, images[0].shape[0])
    parts = [image[box[2] : box[3], box[0] : box[1]] for image in images]
    slow, fast = parts[0].shape[0] // bins, parts[0].shape[1] // bins
    defect, corrected = (part.reshape(slow, bins, fast, bins).sum(axis=(1, 3)) for part in parts)
    top = float(max(defect.max(), corrected.max()))
    unit = unit or ("photons per pixel" if bins == 1 else f"photons per {bins} x {bins} pixels")
    style = (unit, LogNorm(top * 10.0**-decades, top), PHOTONS)
    panels = [(defect, "reference", *style, crosses[0]), (corrected, f"reference,{case.name}", *style, crosses[1])]
    if limit:
        shown = (np.maximum(defect, corrected) > faintest * top) & (corrected > 0)
        change = np.where(shown, 100 * (over(defect, corrected) - 1), np.nan)
        panels.append((change, "change", "reference / corrected - 1 (%)", Normalize(-limit, limit), "RdBu_r", ()))
    around = [place + margin for places in crosses for place in places for margin in (-15, 15)]
    corners = np.array([(box[0], box[2]), (box[1], box[3]), *around]) - 0.5
    (left, upper), (right, lower) = corners.min(axis=0), corners.max(axis=0)
    figure = Figure(figsize=(3.6 * len(panels), 4.6), layout="constrained")
    for i, (image, heading, label, norm, colours, places) in enumerate(panels):
        axis = figure.add_subplot(1, len(panels), i + 1)
        cmap = mpl.colormaps[colours].with_extremes(bad="white" if colours == PHOTONS else "0.8")
        extent = (box[0] - 0.5, box[1] - 0.5, box[3] - 0.5, box[2] - 0.5)
        drawn = axis.imshow(image, extent=extent, norm=norm, cmap=cmap, interpolation="nearest")
        for place in places:
            axis.plot(*place, "+", color="tab:blue", markersize=16, markeredgewidth=3)
        axis.locator_params(integer=True, nbins=6)
        axis.set(xlim=(left, right), ylim=(lower, upper), facecolor="0.9")
        axis.set(title=heading, xlabel="fast axis (pixels)", ylabel="slow axis (pixels)")
        figure.colorbar(drawn, ax=axis, location="bottom", fraction=0.05, pad=0.02, label=label)
    save(figure, case.name, title)


def draw_angles(case, angles):
    """Draw both distributions and the one that is uniform over all rotations."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    edges = np.arange(0, 181, 15)
    radians = np.radians(edges)
    expected = angles.shape[1] * np.diff(radians - np.sin(radians)) / np.pi
    axes = figure.subplots(1, 2, sharey=True)
    for axis, found, heading in zip(axes, angles, ("reference", f"reference,{case.name}"), strict=True):
        axis.hist(found, edges, color="#7b5ea7", label="found")
        axis.stairs(expected, edges, color="black", linewidth=1.5, label="uniform over all rotations")
        axis.set(title=heading, xlabel="angle from the starting orientation (degrees)", ylabel="crystals", xticks=edges[::2])
        axis.legend(loc="upper left")
    save(figure, case.name, f"{angles.shape[1]} seeds")


def draw_beams(case, runs, title):
    """Draw both images with a cross where the beam meets the detector, and return how many pixels these are apart."""
    places = [run.beam_place() for run in runs]
    if title:
        draw(case, [run.image for run in runs], title, bins=4, crosses=[[place] for place in places])
    return float(np.linalg.norm(places[0] - places[1]))
