"""One miniature project a test, one that is built once for all tests that only read it, this repository's own site,
and a browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.site.project import REPOSITORY, Project, make_project
from tests.site.server import serving


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh project without notes."""
    return make_project(tmp_path / "project")


HOSTILE = """
## What it prints

```python {#hostile}
print("[[[ self.__init__.__globals__ ]]] [[# gone #]] [[% raw %]]")
print("</code></pre><script>window.harmed = 1</script>")
print("{{ config }} {% raw %} \\x1b[31mred --8<-- 'mkdocs.yml' \\u202e")
print("```")
```
````output {of=hostile}
<any> self.__init__.__globals__ <any>
</code></pre><script>window.harmed = 1</script>
{{ config }} {% raw %} \\x1b[31mred --8<-- 'mkdocs.yml' <any>
```
````

Prose with a computed [[[ hexadecimal(4096) ]]] and `[[[ code ]]]`.

- In a list:

    ```console {#listed}
    $ echo one; false
    one
    [exit 1]
    ```
"""

HOSTILE_ZH = """
## 输出什么

```example {of=hostile}
```

算出来的是[[[ hexadecimal(4096) ]]]，代码里的`[[[ code ]]]`不会展开。

- 列表里：

    ```example {of=listed}
    ```
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a note that prints what a page must not run, built."""
    project = make_project(tmp_path_factory.mktemp("built") / "project")
    project.note("area/hostile", HOSTILE, HOSTILE_ZH)
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    return project


@pytest.fixture(scope="session")
def address(built: Project) -> Iterator[str]:
    """The built miniature site on a local server."""
    with serving(built.root / "site") as found:
        yield found


@pytest.fixture(scope="session")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this repository's own site, built once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    # Under xdist each process has a folder of its own in the run's.
    shared = base.parent if base.name.startswith("popen-") else base
    folder = shared / "own-site"
    with (shared / "own-site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder / "site")]
            environment = {**Project(REPOSITORY).environment(), "SITE_URL": "https://example.org/"}
            done = subprocess.run(command, cwd=REPOSITORY, env=environment, text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "built").touch()
    return folder / "site"


@pytest.fixture(scope="session")
def own_address(own_site: Path) -> Iterator[str]:
    """The repository's own site on a local server."""
    with serving(own_site) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests. Its own sandbox needs what a root user in a container has not."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages in fresh profiles, 1440 px wide; fails the test on anything in their consoles, and on what is not
    there, but for an address in ``missing``."""
    wrong: list[str] = []
    contexts = []

    def make(base_url: str, *, missing: str = "", **options: object) -> Page:
        context = browser.new_context(base_url=base_url, **{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: missing or wrong.append(message.text))
        page.on(
            "response", lambda answer: wrong.append(answer.url) if answer.status >= 400 and answer.url != missing else 0
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Each colour scheme."""
    return str(request.param)


@pytest.fixture
def page(scheme: str, address: str, opened: Callable[..., Page]) -> Page:
    """A page of the miniature site, in each colour scheme."""
    return opened(address, color_scheme=scheme)
