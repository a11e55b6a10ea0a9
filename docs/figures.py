"""Draws docs/images/axes.png, from the vectors that the package itself gives.

python docs/figures.py
"""

import pathlib

import nbhybrid as nb
from matplotlib.figure import Figure

HERE = pathlib.Path(__file__).resolve().parent
CONVENTIONS = ("mosflm", "denzo", "adxv", "xds", "dials")
COLOURS = {"beam_direction": "black", "fast_axis": "tab:red", "slow_axis": "tab:blue", "spindle": "tab:green"}


def geometry(convention):
    """Return the vectors of a convention."""
    detector = getattr(nb.Detector, convention)(pixels=(10, 10))
    crystal = nb.Crystal(cell=nb.UnitCell(50, 60, 70))
    return nb.Experiment(crystal=crystal, structure_factors=1.0, detector=detector, sampling=nb.Sampling(oversample=1)).geometry


def draw(panel, convention):
    """Draw the vectors of a convention."""
    vectors = geometry(convention)
    drawn = {}
    for name, colour in COLOURS.items():
        vector = vectors[name]
        # Vectors on top of each other are drawn side by side.
        shift = 0.06 * sum(max(abs(a - b) for a, b in zip(vector, other, strict=True)) < 1e-6 for other in drawn.values())
        drawn[name] = vector
        panel.quiver(shift, shift, 0, *vector, color=colour, arrow_length_ratio=0.15, linewidth=2.5)
        panel.text(*(1.15 * x + 2 * shift for x in vector), name.split("_")[0], color=colour, ha="center")
    panel.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1), xlabel="x", ylabel="y", zlabel="z", title=convention)
    panel.set(xticks=[], yticks=[], zticks=[])
    panel.view_init(elev=22, azim=-55)


def main():
    """Draw the figure."""
    figure = Figure(figsize=(15, 3.6), layout="constrained")
    for i, convention in enumerate(CONVENTIONS):
        draw(figure.add_subplot(1, len(CONVENTIONS), i + 1, projection="3d"), convention)
    figure.savefig(HERE / "images" / "axes.png", dpi=80, metadata={"Software": None})


if __name__ == "__main__":
    main()
