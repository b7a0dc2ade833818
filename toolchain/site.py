"""MkDocs hook: pages for files of the repository that documents link to.

The documents link to programs, tests and other documents by relative paths, as a reader of the repository needs them.
The site has no repository beside it: each linked file becomes a page below `project/`, and each link leads there.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent

_DOCS = "docs"
_PAGES = "project"
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
_BOOSTS = {
    "docs/howto/": 2,
    "docs/commands": 2,
    "examples/": 1.5,
    "docs/reference/errors": 0.5,
    "docs/decisions/": 0.001,
    "CHANGELOG": 0.1,
}
"""Where the search ranks pages: a reader who searches has a task; why the code is as it is comes last."""
_WIDE = ("docs/comparison.md", "docs/faults.md")
"""Pages with a table that needs the place of the table of contents."""
_LANGUAGES = {".py": "python", ".yml": "yaml", ".yaml": "yaml", ".toml": "toml"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file that is linked to, and for each that such a page links to in turn."""
    named = set(_in_navigation(config.nav))
    waiting = [_source(file.src_uri) for file in files.documentation_pages()] + sorted(named)
    done = set(waiting)
    while waiting:
        source = waiting.pop()
        if _uri(source) not in files.src_uris:
            place = InclusionLevel.INCLUDED if source in named else InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, _uri(source), content=_content(source), inclusion=place))
        found = {target for target in _targets(source) if not target.startswith(f"{_DOCS}/")} - done
        done |= found
        waiting += sorted(found)
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Point each link to the page that shows its target."""
    source = _source(page.file.src_uri)
    page.meta.setdefault(
        "search", {"boost": next((boost for start, boost in _BOOSTS.items() if source.startswith(start)), 1)}
    )
    if source in _WIDE:
        page.meta.setdefault("hide", ["toc"])
    if not source.endswith(".md"):
        return markdown

    def lead(match: re.Match[str]) -> str:
        target = _uri(_target(source, match["path"]))
        return posixpath.relpath(target, posixpath.dirname(page.file.src_uri)) + (match["anchor"] or "")

    return _LINK.sub(lead, markdown)


def _source(uri: str) -> str:
    """Return the path in the repository of what a page shows."""
    path = uri.removeprefix(f"{_PAGES}/")
    if path == uri:
        return f"{_DOCS}/{uri}"
    return path if (ROOT / path).is_file() else path.removesuffix(".md")


def _uri(source: str) -> str:
    """Return the page that shows a file of the repository."""
    if source.startswith(f"{_DOCS}/"):
        return source.removeprefix(f"{_DOCS}/")
    return f"{_PAGES}/{source}" + ("" if source.endswith(".md") else ".md")


def _content(source: str) -> str:
    text = (ROOT / source).read_text("utf-8")
    if source.endswith(".md"):
        return text
    # The search finds the documents, and they link to the programs.
    return f"---\nsearch: {{exclude: true}}\nhide: [toc]\n---\n# {source}\n\n~~~~ {_language(source)}\n{text}~~~~\n"


def _language(source: str) -> str:
    return _LANGUAGES.get(Path(source).suffix, "text")


def _targets(source: str) -> Iterator[str]:
    if source.endswith(".md"):
        for match in _LINK.finditer(_content(source)):
            yield _target(source, match["path"])


def _target(source: str, link: str) -> str:
    """Return the file that a link leads to; for a folder, its README."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    if (ROOT / path).is_dir():
        path = f"{path}/README.md"
    if not (ROOT / path).is_file():
        raise PluginError(f"{source} links to {link}, which is not there")
    return path


def _in_navigation(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        if nav.startswith(f"{_PAGES}/"):
            yield _source(nav)
    elif isinstance(nav, list | dict):
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from _in_navigation(part)
