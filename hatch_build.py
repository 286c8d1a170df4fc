"""Has the console built when the package is: an sdist holds it built, so that whoever installs that needs no Node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Build(BuildHookInterface[Any]):
    """For an editable install the console is optional: `make console` builds it later."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        argv = [sys.executable, str(Path(self.root) / "tools/console.py")]
        if version == "editable":
            argv.append("--optional")
        if subprocess.run(argv, check=False).returncode:
            sys.exit("Hotplate cannot be built without its console; the reason is above.")
        self.metadata.core._license_files = None  # the list was made before the console's licences were there
