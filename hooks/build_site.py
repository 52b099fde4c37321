"""The MkDocs hook: MkDocs' events to calls of notekit. One build makes the site in all its languages."""

from __future__ import annotations

import gc
import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from jinja2 import FileSystemBytecodeCache
from mkdocs.commands.build import get_context
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils.templates import TemplateContext

from notekit import emit, interface, model, pipeline, search, settings
from notekit import outline as site
from notekit.files import write_whole
from notekit.store import Store
from notekit.summary import failures, summary_line

log = logging.getLogger("mkdocs.hooks.pagewalk")

# mkdocs-macros expands no page but those that say so, and only notekit's pages do: they alone are guarded. A page
# without its delimiters comes out the same without it, 3 ms sooner (measured).
_EXPANDED = b"---\nrender_macros: true\n---\n"
# Of the theme's templates what Jinja compiles them to, which takes 0.18 s (measured).
_TEMPLATES = ".cache/templates"


@dataclass
class _Build:
    """What one build knows; made anew in ``on_pre_build``."""

    checked: pipeline.Checked
    findings: emit.Findings
    pages: dict[str, model.Page]
    navigations: dict[str, Navigation] = field(default_factory=dict)
    addresses: dict[str, interface.Address] = field(default_factory=dict)
    templates: frozenset[str] = frozenset()
    environment: Any = None


_serving = False
_build: _Build


def on_startup(command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
    """``serve`` shows failures in the page; every other command stops at them."""
    global _serving
    _serving = command == "serve"


@contextmanager
def _told() -> Iterator[None]:
    """Ends the build with the message of what is wrong with the project."""
    try:
        yield
    except (settings.SettingError, site.UntranslatedError) as error:
        raise PluginError(str(error)) from None


@_told()
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Under ``serve``, a save of a note or of the code that draws its pictures starts a new build."""
    config.watch.append(str(settings.notes_folder(Path(config.config_file_path).parent)))
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Reads and checks all notes. Raises PluginError with every failure.

    MkDocs empties the site's folder right after this event: what fails here leaves the last good site alone.
    """
    global _build
    root = Path(config.config_file_path).parent
    with _told(), pipeline.store_of(root) as store:
        checked = pipeline.check(root, store)
    _report(checked, store)
    (root / _TEMPLATES).mkdir(parents=True, exist_ok=True)
    search.teach(checked.collection.terms, root / ".cache")
    findings = pipeline.findings_of(checked)
    pages = pipeline.pages(checked, findings, with_problems=_serving)
    _build = _Build(checked, findings, {page.path: page for page in pages})
    if not _serving:
        gc.freeze()  # all that is there stays until the end; looking through it again takes 0.04 s (measured)


@event_priority(100)
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the notes' pages, and the files that their examples use."""
    taken = {file.dest_uri: f"docs/{file.src_uri}" for file in files}
    for page in _build.pages.values():
        head = _EXPANDED if "[[" in page.markdown else b""
        file = _generated(config, page.path, page.url + "index.html", head + page.markdown.encode())
        other = taken.setdefault(file.dest_uri, page.path)
        if other != page.path:
            raise PluginError(f"{other}:1: {page.path} is made for this address too; rename the file, or the area")
        files.append(file)
    for path, content in pipeline.named_files(_build.checked).items():
        files.append(_generated(config, path, path, content))
    return files


def _report(checked: pipeline.Checked, store: Store) -> None:
    """Says what was found; stops a build at a failure."""
    for line in (*store.problems, *checked.collection.warnings, summary_line(checked)):
        log.info("%s", line)
    said = failures(checked)
    if said and _serving:
        # Not a warning: `serve --strict` would end at it.
        log.info("shown in its pages:\n%s", said)
    elif said:
        raise PluginError(f"{summary_line(checked)}\n\n{said}\n")


def _generated(config: MkDocsConfig, path: str, destination: str, content: bytes) -> File:
    file = File.generated(config, path, content=content)
    file.dest_uri = destination
    return file


@_told()
def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """One navigation for each language; the first language's is the site's."""
    collection, pages = _build.checked.collection, tuple(_build.pages.values())
    for language in collection.languages:
        items = site.outline(collection, pages, config.nav or [], config.extra["interface"], language)
        _build.navigations[language] = _navigation([_item(item, config, files) for item in items])
    return _build.navigations[collection.languages[0]]


@_told()
def on_env(env: Any, config: MkDocsConfig, files: Files) -> Any:
    """Refuses a theme that would say something in English on another language's page."""
    env.bytecode_cache = FileSystemBytecodeCache(str(Path(config.config_file_path).parent / _TEMPLATES))
    _build.environment = env
    _build.templates = frozenset(env.list_templates())
    interface.check_theme(env, _build.templates, _languages())
    found = [file.page for file in files.documentation_pages() if file.page]
    _build.addresses = {page.file.src_uri: interface.Address(page.url, page.canonical_url) for page in found}
    return env


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
    pages = list(_pages(items))
    for before, page, after in zip([None, *pages[:-1]], pages, [*pages[1:], None], strict=True):
        page.previous_page, page.next_page = before, after
    navigation = Navigation(items, pages)
    navigation.homepage = pages[0]
    return navigation


def _pages(items: list[StructureItem]) -> Iterator[SitePage]:
    for item in items:
        if isinstance(item, SitePage):
            yield item
        elif isinstance(item, Section):
            yield from _pages(item.children)


# After mkdocs-macros, which would expand a title too.
@event_priority(-100)
def on_page_markdown(markdown: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
    """Gives a generated page its head, and a hand-written one that says ``computed: true`` its computed text."""
    made = _build.pages.get(page.file.src_uri)
    if made is not None:
        page.meta.update(interface.meta(made))
        page.title = page.meta["title"]
    elif page.meta.get("computed"):
        language = site.language_of(page.file.src_uri, _build.pages, _languages())
        home = emit.Home(_build.checked.collection, _build.findings, page.file.src_uri, language)
        markdown, problems = home.filled(markdown, page.file.content_string)
        if problems and not _serving:
            raise PluginError("\n".join(map(str, problems)))
    return markdown


def on_page_content(content: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
    """Lets links lead to examples, since MkDocs does not see the ids of fenced blocks; mends the heads of tables."""
    made = _build.pages.get(page.file.src_uri)
    if made is not None and page.present_anchor_ids is not None:
        page.present_anchor_ids.update(made.anchors)
    return interface.without_empty_headers(content)


def on_page_context(context: TemplateContext, page: SitePage, config: MkDocsConfig, nav: Navigation) -> TemplateContext:
    """Gives a page its language's navigation, interface and counterparts."""
    path = page.file.src_uri
    _localize(context, config, site.language_of(path, _build.pages, _languages()), path)
    return context


def on_template_context(context: Any, template_name: str, config: MkDocsConfig, language: str = "") -> Any:
    """The pages that have no source (404, the sitemap) are in the first language, where none is given."""
    language = language or _languages()[0]
    _localize(context, config, language)
    context["sitemap"] = interface.sitemap(language, _build.addresses, _build.pages, _languages())
    return context


def _languages() -> tuple[str, ...]:
    return _build.checked.collection.languages


def _localize(context: Any, config: MkDocsConfig, language: str, path: str = "index.md") -> None:
    """Gives a template's context its language, and the counterparts of the page whose source is at ``path``."""
    alternate = interface.alternate(config.extra["interface"], path, _build.addresses, _build.pages, _languages())
    context["nav"] = _build.navigations[language]
    context["language_folder"] = "" if language == _languages()[0] else f"{language}/"
    context["config"] = interface.localized(config, _build.templates, language, alternate)


@event_priority(-100)
def on_post_build(config: MkDocsConfig) -> None:
    """After the search plugin: an index for each language; and the sitemap and the 404 page of each further one."""
    folder = Path(config.site_dir)
    languages = _languages()
    notes = {page.url for page in _build.pages.values() if page.kind == "note"}
    search.take_apart(folder, languages, _build.checked.collection.terms, notes)
    root = urlsplit(config.site_url or "/").path
    for language in languages[1:]:
        for name in ("404.html", "sitemap.xml"):
            context = get_context(_build.navigations[language], [], config, base_url=root)
            on_template_context(context, name, config, language)
            text = _build.environment.get_template(name).render(context)
            write_whole(folder / language / name, text, lasting=False)
