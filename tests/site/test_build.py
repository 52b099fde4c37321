"""What a built site holds."""

from __future__ import annotations

import html
import re

import pytest

from tests.site.project import Project

NOTE = "## S\n\n```console {#a}\n$ echo one\none\n```\n"
NOTE_ZH = "## 节\n\n```example {of=a}\n```\n"


def shown(page: str) -> str:
    """The text of a page's article, without mark-up."""
    article = re.search(r"<article.*?</article>", page, re.DOTALL)
    assert article
    return html.unescape(re.sub(r"<[^>]+>", "", article[0]))


@pytest.mark.parametrize("url", ["area/hostile", "zh/area/hostile"])
def test_output_that_looks_like_a_template_is_shown_as_text(built: Project, url: str) -> None:
    """What an example prints is never expanded, in any language's page."""
    text = shown(built.page(url))
    assert "[[[ self.__init__.__globals__ ]]] [[# gone #]] [[% raw %]]" in text
    assert "{{ config }} {% raw %} \\x1b[31mred --8<-- 'mkdocs.yml'" in text


@pytest.mark.parametrize("url", ["area/hostile", "zh/area/hostile"])
def test_output_that_looks_like_markup_is_shown_as_text(built: Project, url: str) -> None:
    """A script that an example prints is text."""
    page = built.page(url)
    assert "<script>window.harmed" not in page
    assert "</code></pre><script>window.harmed = 1</script>" in shown(page)


@pytest.mark.parametrize("url", ["area/hostile", "zh/area/hostile"])
def test_computed_text_is_expanded_in_prose_and_not_in_code(built: Project, url: str) -> None:
    """mkdocs-macros is there and expands a computed call; inline code stays as it is written."""
    text = shown(built.page(url))
    assert "0x1000" in text
    assert "[[[ code ]]]" in text


def test_each_language_has_its_own_page_navigation_and_title(built: Project) -> None:
    """English is at /, Chinese at /zh/, each with its language, navigation and counterpart."""
    english, chinese = built.page("area/hostile"), built.page("zh/area/hostile")
    assert '<html lang="en"' in english and '<html lang="zh"' in chinese
    assert "Area area" in english and "领域area" not in english
    assert "领域area" in chinese and "Area area" not in chinese
    assert 'hreflang="zh" data-page="../../zh/area/hostile/">' in english
    assert 'hreflang="en" data-page="../../../area/hostile/">' in chinese


def test_an_example_shows_its_state_tools_and_date(built: Project) -> None:
    """Below each example stands that it was verified and when; behind it with which tools, and how long it took."""
    state = r"Verified on \d{4}-\d\d-\d\d\s+Ran withpython3 3[\d.]+Took[a-z ]*[\d.]+ s"
    assert re.search(state, shown(built.page("area/hostile")))
    state = r"已验证，\d{4}-\d\d-\d\d\s+运行环境python3 3[\d.]+用时[^\d]*[\d.]+ ?秒"
    assert re.search(state, shown(built.page("zh/area/hostile")))


def test_an_example_in_a_list_is_a_code_block_of_that_list(built: Project) -> None:
    """An indented example stays inside its list item."""
    page = built.page("area/hostile")
    assert re.search(r'<li>\s*<p>In a list:</p>\s*<div id="listed" class="language-console', page)


def test_a_title_is_never_expanded(project: Project) -> None:
    """A head that holds a template shows it as text, in the page and in the browser's title."""
    project.note("area/one", NOTE, NOTE_ZH)
    path = project.root / "notes_src/area/one/en.md"
    path.write_text(path.read_text().replace("title: Note one", "title: 'T [[[ config ]]] <b>*x*'"))
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    page = project.page("area/one")
    assert "T [[[ config ]]] <b>*x*" in shown(page)
    assert "<b>" not in page
    assert "<title>T [[[ config ]]] &lt;b&gt;*x* - Pagewalk</title>" in page


def test_a_named_file_can_be_downloaded(project: Project) -> None:
    """A program that lives in a file is served beside its page, and links to it hold in both languages."""
    english = "## S\n\n```python {#p file=p.py}\n```\n```output {of=p}\n1\n```\n\n[the file](p.py)\n"
    chinese = "## 节\n\n```example {of=p}\n```\n\n[文件](p.py)\n"
    project.note("area/one", english, chinese, **{"p.py": "print(1)\n"})
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    assert (project.root / "site/area/one/p.py").read_text() == "print(1)\n"
    assert 'href="../../../area/one/p.py"' in project.page("zh/area/one")


def test_a_note_that_brings_its_own_text_keeps_its_page(project: Project) -> None:
    """An example may read the note that it stands in; the page is not the raw text for that."""
    project.note("area/itself", "```console {#a with=en.md}\n$ head -n 1 en.md\n---\n```\n", "```example {of=a}\n```\n")
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "head -n 1 en.md" in shown(project.page("area/itself"))


def test_two_builds_write_the_same_bytes(project: Project) -> None:
    """A second build, from the store, gives the same pages."""
    project.note("area/one", NOTE, NOTE_ZH)
    assert project.build().returncode == 0
    first = {path: path.read_bytes() for path in (project.root / "site").rglob("*.html")}
    assert project.build().returncode == 0
    assert {path: path.read_bytes() for path in (project.root / "site").rglob("*.html")} == first
