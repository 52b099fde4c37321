"""A page as its reader uses it: states, copying, links to examples, terms, areas, tags, all examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site.project import Project, make_project
from tests.site.server import serving

ENGLISH = """
A page table, and an EPT; `EPT` is code. [Above](#second).

## Commands

```console {#first session=s with="data"}
$ cat data
$ echo not a command
> nor this
$ printf '%s\\n' a \\
>   'b

> c'
a
b

c
$ cat <<'.'
>   indented
>
> .
  indented

$ false
[exit 1]
```

```console {#second session=s}
$ true
```

```python {#outside runner=guest}
pass
```

- In a list:

    ```console {#listed}
    $ echo one
    one
    ```

## Programs

```python {#both file=both.py region=shown}
```
```output {of=both}

  out
```
```output {of=both stream=stderr}
err
```

```sh {#skipped run=no because="It needs a *printer*; buy one."}
lpr
```

```page-walk {#walk}
linear_address: 0x1000
```

## The page table

`````text
not an example
`````
"""
CHINESE = """
页表和EPT。

## 命令

```example {of=first}
```
```example {of=second}
```
```example {of=outside}
```

- 列表里：

    ```example {of=listed}
    ```

## 程序

```example {of=both}
```
```example {of=skipped}
```
```example {of=walk}
```

## 页表
"""
BOTH = """import sys
# [start:shown]
print("\\n  out")
# [end:shown]
print("err", file=sys.stderr)
"""
GLOSSARY = """
page-table:
  term: {en: page table, zh: 页表}
  means: {en: Maps a page., zh: 映射页的表。}
ept:
  term: {en: EPT, zh: EPT}
  means: {en: Extended page tables., zh: 扩展页表。}
"""
HOME = """---
computed: true
---
# {title}

[[[ numbers() ]]]

[[[ areas() ]]]

[[[ example("area/one", "listed") ]]]
"""
NAV = """INHERIT: base.yml
extra:
  languages: [en, zh]
nav:
  - index.md
  - Overview: [examples.md, examples/not-verified.md, tags.md, glossary.md]
"""
COMMANDS = "cat data\nprintf '%s\\n' a \\\n  'b\n\nc'\ncat <<'.'\n  indented\n\n.\nfalse"
OUTPUT = "$ echo not a command\n> nor this\na\nb\n\nc\n  indented\n"
URLS = ["area/one/", "zh/area/one/"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with an example of each kind and state, and a second note that names the first."""
    project = make_project(tmp_path_factory.mktemp("reading") / "project")
    english = (
        ENGLISH.replace("$ echo not", "\\$ echo not").replace("> nor", "\\> nor").replace("'b\n\n> c'", "'b\n>\n> c'")
    )
    data = "$ echo not a command\n> nor this\n"
    project.note("area/one", english, CHINESE, **{"data": data, "both.py": BOTH})
    project.note("area/two", "A.\n", "A。\n")
    for language, tags in (("en", "[linux, C++]"), ("zh", "[linux, 内核]")):
        path = project.root / f"notes_src/area/two/{language}.md"
        path.write_text(path.read_text().replace("---\n", f"---\ntags: {tags}\nrelated: [one]\n", 1))
    project.write(
        {
            "mkdocs.yml": NAV,
            "notes_src/glossary.yml": GLOSSARY,
            "docs/index.md": HOME.format(title="Home"),
            "docs/zh/index.md": HOME.format(title="首页"),
        }
    )
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    return project


@pytest.fixture(scope="session")
def where(site: Project) -> Iterator[str]:
    """Its address."""
    with serving(site.root / "site") as found:
        yield found


@pytest.fixture
def page(where: str, opened: Callable[..., Page]) -> Page:
    """A page that may use the clipboard."""
    page = opened(where)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def bar(page: Page, name: str) -> Locator:
    """What stands below an example."""
    return page.locator(".example-bar", has=page.locator(f'a[href="#{name}"].example-link'))


def copied(page: Page, name: str, what: str) -> str:
    """What a button puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing')")
    bar(page, name).locator(f"button[data-copy={what}]").click()
    expect(bar(page, name).get_by_role("status")).not_to_be_empty()
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize("url", URLS)
def test_copy_commands_copies_just_the_commands(page: Page, url: str) -> None:
    """No prompts, no output, further lines whole, though output looks like a prompt."""
    page.goto(url)
    assert copied(page, "first", "commands") == COMMANDS
    assert copied(page, "listed", "commands") == "echo one"


@pytest.mark.parametrize("url", URLS)
def test_copy_output_copies_just_the_output(page: Page, url: str) -> None:
    """No commands, and no remark on how one ended; of a program each stream by itself, white space kept."""
    page.goto(url)
    assert copied(page, "first", "output") == OUTPUT
    assert copied(page, "both", "output") == "\n  out"
    assert copied(page, "both", "stderr") == "err"


def test_source_and_text_of_a_diagram_can_be_copied(page: Page) -> None:
    """The source as the page shows it, and the diagram as text."""
    page.goto("area/one/")
    assert copied(page, "both", "source") == 'print("\\n  out")'
    assert copied(page, "walk", "text") == page.locator("figure#walk details pre").text_content()


def test_what_is_copied_is_what_ran(page: Page, site: Project) -> None:
    """The copied commands, given to bash, print the copied output."""
    import subprocess

    page.goto("area/one/")
    commands, output = copied(page, "first", "commands"), copied(page, "first", "output")
    ran = subprocess.run(["bash"], input=commands, cwd=site.root / "notes_src/area/one", text=True, capture_output=True)
    assert ran.stdout == f"{output}\n"


def test_a_copy_says_so_and_works_without_the_clipboard_s_interface(page: Page) -> None:
    """Where the browser has no navigator.clipboard, as without TLS, copying still works; either way it is said."""
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script(
        "document.addEventListener('copy', () => { window.taken = String(document.activeElement.value) })"
    )
    page.goto("zh/area/one/")
    bar(page, "first").get_by_role("button", name="复制命令").click()
    expect(bar(page, "first").get_by_role("status")).to_have_text("已复制")
    assert page.evaluate("window.taken") == COMMANDS
    expect(bar(page, "first").get_by_role("button", name="复制命令")).to_be_focused()


def test_a_refused_copy_is_not_said_to_be_done(page: Page) -> None:
    """Where the browser refuses, the page says that."""
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    page.goto("area/one/")
    bar(page, "first").get_by_role("button", name="Copy output").click()
    expect(bar(page, "first").get_by_role("status")).to_have_text("The browser did not allow it")


def test_everything_below_an_example_is_reached_and_used_by_keyboard(page: Page) -> None:
    """Tab leads from button to button, to the link and to the line that opens; Enter and space work them."""
    page.goto("area/one/")
    bar(page, "first").get_by_role("button", name="Copy commands").focus()
    page.keyboard.press("Space")
    expect(bar(page, "first").get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMANDS
    page.keyboard.press("Tab")
    expect(bar(page, "first").get_by_role("button", name="Copy output")).to_be_focused()
    page.keyboard.press("Tab")
    expect(bar(page, "first").locator("a.example-link")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(bar(page, "first").locator("dl")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#first")


def test_no_example_has_two_ways_to_copy_the_same(page: Page) -> None:
    """The theme's own button is not on an example, nor on its output."""
    page.goto("area/one/")
    page.wait_for_load_state("networkidle")
    expect(page.locator(":is(.example, .output, .example-bar) .md-code__button")).to_have_count(0)


@pytest.mark.parametrize("url", URLS)
def test_without_script_all_but_the_buttons_is_there(where: str, opened: Callable[..., Page], url: str) -> None:
    """States, details, links and areas work; what needs script is not shown."""
    page = opened(where, java_script_enabled=False)
    page.goto(url)
    expect(page.locator("button[data-copy]").first).to_be_hidden()
    first = bar(page, "first")
    first.locator("summary").click()
    expect(first.locator("dl")).to_be_visible()
    first.locator("a.example-link").click()
    assert page.url.endswith(f"{url}#first")


@pytest.mark.parametrize(
    ("url", "states"), [("area/one/", ("Verified on", "Not verified")), ("zh/area/one/", ("已验证，", "未验证："))]
)
def test_each_example_tells_its_state_in_words(page: Page, url: str, states: tuple[str, str]) -> None:
    """What ran is verified, with its day; what did not run says why; the reason is plain text."""
    page.goto(url)
    expect(bar(page, "first").locator("summary")).to_contain_text(re.compile(rf"^{states[0]} ?\d{{4}}-\d\d-\d\d$"))
    expect(bar(page, "outside").locator(".example-not-verified").first).to_contain_text(f"{states[1]}")
    expect(bar(page, "outside").locator(".example-not-verified").first).to_contain_text("no guest runner for python")
    expect(bar(page, "skipped").locator(".example-not-verified")).to_contain_text("It needs a *printer*; buy one")


def test_the_details_lead_to_the_file_and_to_the_block_before(page: Page) -> None:
    """A file is served whole; a block that goes on links to the one where its shell stopped."""
    page.goto("zh/area/one/")
    href = bar(page, "both").locator("dd a").get_attribute("href")
    with page.expect_response(lambda answer: answer.url.endswith("/area/one/both.py")) as answer:
        page.evaluate("href => fetch(href)", href)
    assert answer.value.text() == BOTH
    expect(bar(page, "second").locator('dd a[href="#first"]')).to_have_count(1)


def test_what_to_install_can_be_copied(page: Page) -> None:
    """A program's details hold the command that brings its tools, with a button of its own."""
    page.goto("area/one/")
    bar(page, "both").locator("summary").click()
    assert copied(page, "both", "install") == "sudo apt-get install python3"


def test_the_first_use_of_a_term_leads_to_the_glossary(page: Page) -> None:
    """It is a link with the meaning, once on a page, not in code or headings; focus shows the meaning."""
    page.goto("area/one/")
    terms = page.locator('article a[href*="glossary/#"]')
    expect(terms).to_have_text(["page table", "EPT"])
    terms.first.focus()
    expect(page.get_by_role("tooltip")).to_have_text("Maps a page.")
    terms.first.press("Enter")
    page.wait_for_url("**/glossary/#page-table")
    expect(page.locator("dt#page-table + dd")).to_have_text("Maps a page.")


def test_home_shows_the_numbers_of_the_build_and_leads_to_them(page: Page) -> None:
    """Seven examples, four of them verified; the area's card opens it; tags and related notes lead on."""
    page.goto("zh/")
    assert page.locator(".numbers dd").all_inner_texts()[:4] == ["2", "7", "4", "3"]
    page.locator(".cards").get_by_role("link", name="领域area").click()
    page.wait_for_url("**/zh/area/")
    page.get_by_role("article").get_by_role("link", name="笔记two").click()
    page.locator(".tags").get_by_role("link", name="内核").click()
    page.wait_for_url("**/zh/tags/#*")
    page.get_by_role("link", name="笔记two").last.click()
    page.get_by_role("article").get_by_role("link", name="笔记one").click()
    page.wait_for_url("**/zh/area/one/")
    expect(page.get_by_role("article").get_by_role("link", name="笔记two")).to_have_count(1)


def test_all_examples_lead_to_their_place(page: Page) -> None:
    """From the list to the example; from what is not verified, with the reason, to it too."""
    page.goto("examples/")
    expect(page.get_by_role("row", name="Not verified 2 0")).to_have_count(1)
    expect(page.get_by_role("row", name="Computed 1 0")).to_have_count(1)
    page.get_by_role("link", name="both").first.click()
    page.wait_for_url("**/area/one/#both")
    expect(page.locator("#both")).to_be_in_viewport()
    page.goto("examples/not-verified/")
    expect(page.locator("article")).to_contain_text("runner=host runs on this machine, confined")
    expect(page.get_by_role("link", name="To the example")).to_have_count(3)


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("url", ["", "zh/", "examples/", "zh/tags/", "glossary/", "zh/area/", *URLS])
def test_no_page_is_wider_than_its_window_with_all_details_open(page: Page, url: str, width: int) -> None:
    """Long command lines and names wrap or scroll by themselves."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(url)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("url", URLS)
def test_what_can_be_pressed_is_large_enough(page: Page, url: str) -> None:
    """Each button and link below an example is at least 24 by 24 pixels (WCAG 2.2, 2.5.8)."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(url)
    for one in page.locator(".example-actions :is(button, a), .example-state > summary, .tags a").all():
        box = one.bounding_box()
        assert box and min(box["width"], box["height"]) >= 24, (one.inner_text(), box)


def test_a_wrong_call_on_a_hand_written_page_stops_the_build(project: Project) -> None:
    """The message has the file, the line of the call, and what would be right."""
    project.write({"docs/index.md": '---\ncomputed: true\n---\n# Home\n\n[[[ count("pages") ]]]\n'})
    project.note("area/one", "A.\n", "A。\n")
    result = project.build()
    assert result.returncode == 1
    assert (
        "docs/index.md:6: [[[ count(…) ]]]: what is 'pages'; it is one of areas, notes" in result.stdout + result.stderr
    )


@pytest.mark.parametrize(
    ("area", "other", "page"),
    [
        ("area", "docs/area/index.md", "area/index.md"),
        ("tags", "tags/index.md", "tags.md"),
        ("zh", "docs/zh/index.md", "zh/index.md"),
    ],
)  # fmt: skip
def test_no_two_pages_have_one_address(project: Project, area: str, other: str, page: str) -> None:
    """A page that the build makes never replaces another, whether written by hand or made too."""
    project.write({"docs/area/index.md": "# Mine\n"} if area == "area" else {})
    project.note(f"{area}/one", "A.\n", "A。\n")
    result = project.build()
    assert result.returncode == 1
    assert f"{other}:1: {page} is made for this address too" in result.stdout + result.stderr
