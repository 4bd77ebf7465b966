"""Drivers: bytes and turn-taking, a folder a product. Found by walking; no registry."""

import os
from importlib import import_module
from pathlib import Path

from drivers import places

_own, REFUSED = places.own(os.environ.get(places.VARIABLE, ""))
"""Folders of the court's own drivers; sentences about those that cannot be used."""

for _folder in _own:
    __path__.append(_folder)
    for _kind in sorted(path.name for path in Path(_folder).iterdir() if path.is_dir()):
        if (Path(__path__[0]) / _kind / "__init__.py").exists():
            import_module(f"drivers.{_kind}").__path__.append(f"{_folder}/{_kind}")
