"""Where the shipped files lie: the one place that knows it."""

from __future__ import annotations

from pathlib import Path

from engine.errors import EngineError

# A wheel and a bundle (packaging/) carry the folder under the longer name, because beside other packages “resources” may be anybody's.
FOLDER_NAMES = ("weightloom_resources", "resources")


def resource_path(name: str) -> Path:
    """Return the path of a shipped file or folder, such as `templates/analogy.loom`.

    The same in the source tree, in an installed wheel and in a PyInstaller bundle: the resources lie beside the `engine` package.

    Args:
        name: The path below the resources folder, with forward slashes.

    Raises:
        EngineError: Nothing of that name was shipped.
    """
    beside_engine = Path(__file__).resolve().parent.parent
    for folder_name in FOLDER_NAMES:
        path = beside_engine / folder_name / name
        if path.exists():
            return path
    fact = f"“{name}”, which belongs to Weightloom, is missing in {beside_engine}."
    raise EngineError(fact, "Install Weightloom again.")
