"""The picture of the package's rooms."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from toolchain.structure import PICTURE, arrows, draw


def test_picture_fits_the_imports() -> None:
    """The committed picture is what the imports of today give: run `make pictures` after a change."""
    assert PICTURE.read_text("utf-8") == draw()


def test_picture_new_import_adds_an_arrow(tmp_path: Path) -> None:
    """An arrow back up, which no file has today, is found and named by its module."""
    for name, text in {
        "_model/keys.py": "from influx_secrets._provider.session import Session\nimport requests",
        "_provider/session.py": "",
        "__init__.py": "from influx_secrets._model import keys",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert arrows(tmp_path)["_model"] == {"_provider": {"session"}}
    texts = [text.text for text in ET.fromstring(draw(tmp_path)).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 (our own picture)
    assert {"only session", "uses requests"} <= set(texts)
