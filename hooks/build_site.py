"""The MkDocs hook: MkDocs' events to calls of notekit. One build makes the site in all its languages."""

from __future__ import annotations

import html
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import jieba
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils.templates import TemplateContext

from notekit import emit, model, pipeline, settings, verify
from notekit import outline as site
from notekit.store import Store
from notekit.summary import summary_line

log = logging.getLogger("mkdocs.hooks.pagewalk")

# mkdocs-macros expands no page but those that say so, and only notekit's pages do: they alone are guarded.
_EXPANDED = b"---\nrender_macros: true\n---\n"


@dataclass
class _Build:
    """What one build knows; made anew in ``on_pre_build``."""

    checked: pipeline.Checked
    findings: emit.Findings
    pages: dict[str, model.Page]
    navigations: dict[str, Navigation] = field(default_factory=dict)


_serving = False
_build: _Build


def on_startup(command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
    """``serve`` shows failures in the page; every other command stops at them."""
    global _serving
    _serving = command == "serve"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Under ``serve``, a save of a note or of the code that draws its pictures starts a new build."""
    root = Path(config.config_file_path).parent
    try:
        config.watch.append(str(settings.notes_folder(root)))
    except settings.SettingError as error:
        raise PluginError(str(error)) from None
    _keep_jieba_here(root / ".cache")
    return config


def _keep_jieba_here(folder: Path) -> None:
    """The search plugin's segmenter keeps its parsed dictionary in the project, not in /tmp, and says nothing."""
    folder.mkdir(exist_ok=True)
    jieba.dt.tmp_dir = str(folder)
    jieba.setLogLevel(logging.WARNING)


def on_pre_build(config: MkDocsConfig) -> None:
    """Reads and checks all notes. Raises PluginError with every failure.

    MkDocs empties the site's folder right after this event: what fails here leaves the last good site alone.
    """
    global _build
    root = Path(config.config_file_path).parent
    store = Store(settings.store_folder(root))
    try:
        checked = pipeline.check(root, store)
    except settings.SettingError as error:
        raise PluginError(str(error)) from None
    _report(checked, store)
    pages = pipeline.pages(checked, with_problems=_serving)
    _build = _Build(checked, pipeline.findings_of(checked), {page.path: page for page in pages})


@event_priority(100)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the notes' pages, and the files that their examples use."""
    for page in _build.pages.values():
        if files.get_file_from_path(page.path):
            raise PluginError(f"docs/{page.path}:1: the build makes this page; rename the file, or the area")
        files.append(_generated(config, page.path, page.url + "index.html", _EXPANDED + page.markdown.encode()))
    for path, content in pipeline.named_files(_build.checked).items():
        files.append(_generated(config, path, path, content))
    return files


def _report(checked: pipeline.Checked, store: Store) -> None:
    """Says what was found; stops a build at a failure."""
    for problem in store.problems:
        log.info("%s", problem)
    for warning in checked.collection.warnings:
        log.info("%s", warning)
    log.info("%s", summary_line(checked))
    said = "\n".join([*(str(problem) for problem in checked.problems), verify.report(checked.failed)]).strip()
    if said and _serving:
        # Not a warning: `serve --strict` would end at it.
        log.info("shown in its pages:\n%s", said)
    elif said:
        raise PluginError(f"{summary_line(checked)}\n\n{said}\n")


def _generated(config: MkDocsConfig, path: str, destination: str, content: bytes) -> File:
    file = File.generated(config, path, content=content)
    file.dest_uri = destination
    return file


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """One navigation for each language; the first language's is the site's."""
    languages = _build.checked.collection.languages
    for language in languages:
        try:
            items = site.outline(
                _build.checked.collection,
                tuple(_build.pages.values()),
                config.nav or [],
                config.extra["interface"],
                language,
            )
        except site.UntranslatedError as error:
            raise PluginError(str(error)) from None
        _build.navigations[language] = _navigation([_item(item, config, files) for item in items])
    return _build.navigations[languages[0]]


def _item(item: site.Leaf | site.Branch, config: MkDocsConfig, files: Files) -> StructureItem:
    if isinstance(item, site.Branch):
        section = Section(html.escape(item.title), [_item(child, config, files) for child in item.children])
        for child in section.children:
            child.parent = section
        return section
    file = files.get_file_from_path(item.path)
    if file is None:
        raise PluginError(f"docs/{item.path}:1: is in the navigation but not there; write it, or take it out of nav")
    return file.page or SitePage(None, file, config)


def _navigation(items: list[StructureItem]) -> Navigation:
    pages = _pages(items)
    for before, page, after in zip([None, *pages[:-1]], pages, [*pages[1:], None], strict=True):
        page.previous_page, page.next_page = before, after
    navigation = Navigation(items, pages)
    navigation.homepage = pages[0]
    return navigation


def _pages(items: list[StructureItem]) -> list[SitePage]:
    found: list[SitePage] = []
    for item in items:
        if isinstance(item, SitePage):
            found.append(item)
        elif isinstance(item, Section):
            found += _pages(item.children)
    return found


# After mkdocs-macros, which would expand a title too.
@event_priority(-100)
def on_page_markdown(markdown: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
    """Gives a generated page its head, and a hand-written one that says ``computed: true`` its computed text."""
    made = _build.pages.get(page.file.src_uri)
    if made is not None:
        # The theme's templates write titles as they are.
        page.title = html.escape(made.title)
        page.meta.update(title=page.title, description=html.escape(made.description), tags=list(made.tags))
        if not made.searched:
            page.meta["search"] = {"exclude": True}
    elif page.meta.get("computed"):
        return _computed(markdown, page)
    return markdown


def _computed(markdown: str, page: SitePage) -> str:
    path = page.file.src_uri
    language = site.language_of(path, _build.pages, _build.checked.collection.languages)
    home = emit.Home(_build.checked.collection, _build.findings, path, language)
    first = page.file.content_string.count("\n") - markdown.count("\n") + 1
    shown, problems = emit.expand(markdown, home.functions(), f"docs/{path}", first)
    if problems and not _serving:
        raise PluginError("\n".join(map(str, problems)))
    return "\n\n".join([f'!!! failure "{html.escape(str(problem))}"' for problem in problems] + [shown])


def on_page_content(content: str, page: SitePage, config: MkDocsConfig, files: Files) -> None:
    """Lets links lead to examples: MkDocs does not see the ids of fenced blocks."""
    made = _build.pages.get(page.file.src_uri)
    if made is not None and page.present_anchor_ids is not None:
        page.present_anchor_ids.update(made.anchors)


class _Overlay:
    """MkDocs' configuration, or a part of it, as templates see it, with some values replaced."""

    def __init__(self, base: Any, values: dict[str, Any]) -> None:
        self._base, self._values = base, values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._base, name)

    def __getitem__(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._base[name]


def on_page_context(context: TemplateContext, page: SitePage, config: MkDocsConfig, nav: Navigation) -> TemplateContext:
    """Gives a page its language's navigation, interface and counterparts."""
    languages = _build.checked.collection.languages
    language = site.language_of(page.file.src_uri, _build.pages, languages)
    interface = config.extra["interface"]
    paths = [file.src_uri for file in context["pages"]]
    links = {file.src_uri: file.url for file in context["pages"]}
    others = site.counterparts(page.file.src_uri, _build.pages, paths, languages)
    alternate = [
        {"name": site.interface_text(interface, one, "name"), "lang": one, "link": links[path]}
        for one, path in others.items()
    ]
    context["nav"] = _build.navigations[language]
    localized: Any = _Overlay(
        config,
        {
            "theme": _Overlay(config.theme, {"language": language, "palette": _palette(config, language)}),
            "site_description": site.interface_text(interface, language, "site_description"),
            "extra": {**config.extra, "alternate": alternate},
        },
    )
    context["config"] = localized
    return context


def _palette(config: MkDocsConfig, language: str) -> list[dict[str, Any]]:
    """The colour schemes, with the names of their switches in the page's language."""
    interface = config.extra["interface"]
    return [
        {
            **scheme,
            "toggle": {**scheme["toggle"], "name": site.interface_text(interface, language, scheme["toggle"]["name"])},
        }
        for scheme in config.theme["palette"]
    ]
