"""The pictures of README and site show what the commands print."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from toolchain.pictures import PICTURES, drawn, recorded


def words(svg: str) -> list[str]:
    """Return the texts of a picture in the order of the screen; how they are drawn does not matter."""
    # The file was made here, by the call that is tested.
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 (our own file)
    return ["".join(text.itertext()).replace("\xa0", " ") for text in texts]


def test_pictures_show_what_is_printed(engine: Path, tmp_path: Path) -> None:
    """A run of today is drawn as the files are; `make pictures` draws them anew."""
    del engine  # It is there.
    (tmp_path / "run").mkdir()
    now = {picture.name: drawn(picture) for picture in recorded(tmp_path / "run")}
    files = {name: (PICTURES / f"{name}.svg").read_text("utf-8") for name in now}
    assert {name: words(svg) for name, svg in now.items()} == {name: words(svg) for name, svg in files.items()}
    assert "SLACK_TOKEN" in " ".join(words(files["preview"]))


def test_pictures_load_nothing_from_elsewhere() -> None:
    """A font or image of another host would tell that host who reads."""
    for path in PICTURES.glob("*.svg"):
        assert re.findall(r"""(?:href|src|url)[=(]["']?https?:""", path.read_text("utf-8")) == []
