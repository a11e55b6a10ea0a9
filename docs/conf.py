"""How the documentation is built: `make docs`."""

import importlib.metadata
import pathlib
import runpy

HERE = pathlib.Path(__file__).parent
(HERE / "options.md").write_text(runpy.run_path(str(HERE / "options.py"))["page"](), encoding="utf-8")

project = "nbhybrid"
author = "The nbhybrid developers"
release = importlib.metadata.version("nbhybrid")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "numpydoc"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "description": "Bragg diffraction images, bit for bit those of nanoBragg.c"}
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
intersphinx_mapping = {}
nitpicky = False
