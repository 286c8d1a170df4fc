"""How Sphinx builds the documentation."""

from __future__ import annotations

from importlib.metadata import version as installed

project = "Hotplate"
author = "The Hotplate authors"
version = release = installed("hotplate")
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
templates_path = ["_templates"]
html_theme = "shibuya"
html_title = "Hotplate"
html_copy_source = False
html_theme_options = {"accent_color": "orange"}
