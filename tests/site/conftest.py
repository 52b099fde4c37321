"""One miniature project a test, and one that is built once for all tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.project import Project, make_project


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
