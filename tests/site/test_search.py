"""What a reader finds by which words, in a real browser: a table for each language, over this repository's own notes
and over a small site with the words that they lack."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.project import REPOSITORY, make_project
from tests.site.server import serving

PAGING = "memory-virtualization/paging-structures/"
ERRNO = "qemu/negative-errno/"
SPARSE = "c-python-files/sparse-files/"
EVENTFD = "events-interrupts-time/eventfd/"
SIGNALS = "events-interrupts-time/signal-handlers/"
MERGE = "git/merge-adjacent-lines/"
GRUB = "kernel/default-kernel-in-grub/"
FTRACE = "kernel/ftrace/"
EXPORT = "kernel/exporting-symbols/"
VERMAGIC = "kernel/vermagic/"
DEBUGFS = "kernel/debugfs/"
MESSAGES = "kernel/kernel-debugging/"
ICELAKE = "cpu-virtualization/icelake/"
EXITS = "cpu-virtualization/who-handles-a-vm-exit/"
EPT = "memory-virtualization/ept-two-dimensional-walk/"
SHADOW = "memory-virtualization/shadow-page-tables/"
CR3 = "memory-virtualization/cr3-exiting/"
MSR_WIDTH = "cpu-virtualization/msr-width/"
READING_MSRS = "cpu-virtualization/reading-msrs/"
CPUID = "cpu-virtualization/cpuid-leaves/"
VCPUS = "cpu-virtualization/logical-cpus-and-vcpus/"
UML = "kernel/user-mode-linux/"
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

# What is typed, and the page that must come first.
OWN_ENGLISH = {
    "paging structure": PAGING,
    "PDPTE": PAGING,
    "page fault error code": PAGING,
    "EPT violation": EPT,
    "EPT_VIOLATION": EXITS,
    "VM exit": EXITS,
    "CR3-target count": CR3,
    "PG_LEVEL_4K": PAGING,
    "LEVEL_4K": PAGING,
    "reserved bits": PAGING,
    "two-dimensional walk": EPT,
    "second-level address translation": EPT,
    "SLAT": EPT,
    "shadow page table": SHADOW,
    "TLB": "memory-virtualization/paging-structure-caches/",
    "triple fault": "cpu-virtualization/double-and-triple-fault/",
    "IA32_FEATURE_CONTROL": "cpu-virtualization/vt-x-and-kvm/",
    "errno": ERRNO,
    "-ENOENT": ERRNO,
    "why return a negative errno": ERRNO,
    "sparse files": SPARSE,
    "hole": SPARSE,
    "holes": SPARSE,
    "SEEK_HOLE": SPARSE,
    "eventfd semaphore": EVENTFD,
    "0xfffffffffffffffe": EVENTFD,
    "signal handler": SIGNALS,
    "async-signal-safe": SIGNALS,
    "sigaction": SIGNALS,
    '"merge conflict"': MERGE,
    "GRUB_DEFAULT": GRUB,
    "default kernel": GRUB,
    "ftrace ring buffer": FTRACE,
    "trace_marker": FTRACE,
    "EXPORT_SYMBOL_GPL": EXPORT,
    "Unknown symbol in module": EXPORT,
    "vermagic": VERMAGIC,
    "setlocalversion": VERMAGIC,
    "debugfs": DEBUGFS,
    "debugfs_create_u8": DEBUGFS,
    "pr_info": MESSAGES,
    "dmesg": MESSAGES,
    "kernel debugging": MESSAGES,
    "Icelake-Server": ICELAKE,
    "how wide an MSR is": MSR_WIDTH,
    "IA32_PKRS": MSR_WIDTH,
    "rdmsr": READING_MSRS,
    "/dev/cpu/1/msr": READING_MSRS,
    "sub-leaf": CPUID,
    "0x80000008": CPUID,
    "logical processor": VCPUS,
    "query-cpus-fast": VCPUS,
    "user mode linux": UML,
    "PTRACE_SYSEMU": UML,
    "what the sandbox confines": "guides/maintaining/",
}
OWN_CHINESE = {
    "VM exit": EXITS,
    "退出原因": EXITS,
    "EXIT_REASON_EPT_VIOLATION": EXITS,
    "页表": PAGING,
    "页表结构": PAGING,
    "影子页表": SHADOW,
    "缺页": SHADOW,
    "缺页异常": PAGING,
    "地址转换": EPT,
    "线性地址": PAGING,
    "扩展页表": EPT,
    "二级地址转换": EPT,
    "三重故障": "cpu-virtualization/double-and-triple-fault/",
    "页框": PAGING,
    "错误号": ERRNO,
    "ENOENT": ERRNO,
    "稀疏文件": SPARSE,
    "空洞": SPARSE,
    "eventfd 信号量": EVENTFD,
    "信号处理函数": SIGNALS,
    "异步信号安全": SIGNALS,
    "合并冲突": MERGE,
    "默认内核": GRUB,
    "环形缓冲区": FTRACE,
    "每个CPU一个缓冲区": FTRACE,
    "导出符号": EXPORT,
    "模块堆叠": EXPORT,
    "vermagic": VERMAGIC,
    "-dirty": VERMAGIC,
    "debugfs": DEBUGFS,
    "debugfs挂载": DEBUGFS,
    "pr_debug": MESSAGES,
    "调试内核": MESSAGES,
    "GRUB_DEFAULT": GRUB,
    "CPU型号": ICELAKE,
    "MSR都是64位的吗": MSR_WIDTH,
    "IA32_PKRS": MSR_WIDTH,
    "rdmsr": READING_MSRS,
    "msr_open": READING_MSRS,
    "子叶": CPUID,
    "0x80000008": CPUID,
    "逻辑处理器": VCPUS,
    "核数乘以每核线程数": VCPUS,
    "User Mode Linux": UML,
    "arch/um": UML,
    "沙箱": "guides/maintaining/",
    "已验证": "guides/reading/",
}

# What several notes speak of.
SHARED = {
    *("缺页", "缺页异常", "地址转换", "扩展页表", "二级地址转换", "页框"),
    *("paging structure", "page fault error code", "reserved bits", "CPU型号", "second-level address translation"),
}

SMALL = {
    "mem/shadow": (
        "Shadow page tables",
        "A shadow page table is kept by the hypervisor where there is no EPT.",
        "影子页表",
        "没有EPT时，hypervisor为处理器维护影子页表，guest改动页表后要与之同步。",
    ),
    "mem/two-dimensional": (
        "The two-dimensional walk",
        "With EPT the processor translates guest-physical addresses itself.",
        "二维遍历",
        "启用EPT以后，处理器自己完成二级地址转换，一次地址转换最多读24个表项。",
    ),
    "mem/faults": (
        "Page faults",
        "Where an entry is not present the processor raises a page fault.",
        "缺页",
        "表项不存在时，处理器触发缺页异常，内核的缺页处理函数再去分配页框。",
    ),
    "cpu/exits": (
        "Who handles a VM exit",
        "`EXIT_REASON_EPT_VIOLATION` leads to `handle_ept_violation` in arch/x86/kvm/vmx/vmx.c.",
        "VM exit由谁处理",
        "`EXIT_REASON_EPT_VIOLATION`由arch/x86/kvm/vmx/vmx.c里的`handle_ept_violation`处理。",
    ),
    "cpu/cpuid": (
        "CPUID leaves",
        "Leaf 0x80000008 has MAXPHYADDR in EAX[7:0]; a violation of the protocol ends vmx mode. C is a language.",
        "CPUID的叶",
        "0x80000008号叶的EAX[7:0]是MAXPHYADDR。协议违例（violation）会退出vmx模式，C是一种语言。",
    ),
}
SMALL_ENGLISH = {
    "EXIT_REASON_EPT_VIOLATION": "cpu/exits/",
    "EPT_VIOLATION": "cpu/exits/",
    "ept_violation": "cpu/exits/",
    "handle_ept": "cpu/exits/",
    "vmx.c": "cpu/exits/",
    "kvm/vmx/vmx.c": "cpu/exits/",
    "0x80000008": "cpu/cpuid/",
    "EAX[7:0]": "cpu/cpuid/",
    "shadow page tables": "mem/shadow/",
    "shadow paging": "mem/shadow/",
    "page fault": "mem/faults/",
    "guest-physical address": "mem/two-dimensional/",
}
SMALL_CHINESE = {
    "影子页表": "mem/shadow/",
    "影子": "mem/shadow/",
    "二级地址转换": "mem/two-dimensional/",
    "地址转换": "mem/two-dimensional/",
    "缺页": "mem/faults/",
    "缺页异常": "mem/faults/",
    "缺页处理": "mem/faults/",
    "EXIT_REASON_EPT_VIOLATION": "cpu/exits/",
    "EPT_VIOLATION": "cpu/exits/",
    "vmx.c": "cpu/exits/",
    "０ｘ８００００００８": "cpu/cpuid/",
}


@pytest.fixture(scope="module")
def small_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of five small notes, with this repository's glossary."""
    project = make_project(tmp_path_factory.mktemp("search") / "project")
    for slug, (english_title, english, chinese_title, chinese) in SMALL.items():
        project.note(slug, f"{english}\n", f"{chinese}\n")
        for language, title in (("en", english_title), ("zh", chinese_title)):
            path = project.root / f"notes_src/{slug}/{language}.md"
            path.write_text(re.sub("title: .*", f"title: {title}", path.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(REPOSITORY / "notes_src/glossary.yml", project.root / "notes_src")
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    with serving(project.root / "site") as found:
        yield found


def results(page: Page, query: str) -> list[str]:
    """The addresses of the pages found, best first; empty where the search says that there is none."""
    field = page.locator("[data-md-component=search-query]")
    # What is asked between two queries tells the answer to the second from that to the first.
    field.fill("zzzz")
    field.press("End")
    none = page.evaluate("JSON.parse(__config.textContent).translations['search.result.none']")
    meta = page.locator(".md-search-result__meta")
    expect(meta).to_have_text(none)
    field.fill(query)
    field.press("End")
    page.wait_for_function(
        "([none]) => document.querySelector('.md-search-result__item')"
        " || document.querySelector('.md-search-result__meta').textContent !== none",
        arg=[none],
        timeout=5000,
    )
    links = page.locator(".md-search-result__item > a:first-child")
    return [str(path).removeprefix("/") for path in links.evaluate_all("all => all.map(one => one.pathname)")]


def wrong(
    page: Page, language: str, table: dict[str, str], shared: Container[str] = ()
) -> list[tuple[str, str, list[str]]]:
    """The rows of a table that do not hold: (query, page that must be first, the first three pages).

    For a query in ``shared`` the page must be among the first three.
    """
    page.goto(language)
    found = [(query, language + expected, results(page, query)[:3]) for query, expected in table.items()]
    return [row for row in found if row[1] not in row[2][: 3 if row[0] in shared else 1]]


@pytest.mark.parametrize(("language", "table"), [("", OWN_ENGLISH), ("zh/", OWN_CHINESE)], ids=["en", "zh"])
def test_the_notes_are_found(
    own_address: str, opened: Callable[..., Page], language: str, table: dict[str, str]
) -> None:
    """Each query of the table finds its page first, in its language; what several notes speak of, among three."""
    assert wrong(opened(own_address), language, table, SHARED) == []


@pytest.mark.parametrize(("language", "table"), [("", SMALL_ENGLISH), ("zh/", SMALL_CHINESE)], ids=["en", "zh"])
def test_names_and_words_are_found_within_longer_ones(
    small_address: str, opened: Callable[..., Page], language: str, table: dict[str, str]
) -> None:
    """Parts of identifiers, file names, numbers, Chinese words and phrases find their page first."""
    assert wrong(opened(small_address), language, table) == []


def test_what_is_nowhere_is_not_found(small_address: str, opened: Callable[..., Page]) -> None:
    """A word that no page has finds nothing, in either language, and says so."""
    page = opened(small_address)
    for language, query, said in (("", "xylophone", "No matching documents"), ("zh/", "木琴", "没有找到结果")):
        page.goto(language)
        page.keyboard.press("/")
        page.keyboard.insert_text(query)
        page.keyboard.press("End")
        expect(page.locator(".md-search-result__meta")).to_have_text(said)


@pytest.mark.parametrize("query", ["影子页表", "EPT_VIOLATION", "二级地址转换", "页框"])
def test_nothing_invisible_is_shown(small_address: str, opened: Callable[..., Page], query: str) -> None:
    """Titles, excerpts and missing words have none of the marks that cut words in the index."""
    page = opened(small_address)
    page.goto("zh/")
    assert results(page, query)
    shown = page.locator(".md-search-result").inner_html()
    assert not INVISIBLE.search(shown), shown


def test_an_excerpt_is_short(own_address: str, opened: Callable[..., Page]) -> None:
    """A section that is found by another name for what it is about shows its beginning, not all of it."""
    page = opened(own_address)
    page.goto("zh/")
    assert results(page, "转译后备缓冲区") or results(page, "扩展页表")
    texts = page.locator(".md-search-result__item article").evaluate_all("all => all.map(one => one.innerText)")
    assert max(map(len, texts)) < 1000


def test_no_page_holds_invisible_characters(own_site: Path) -> None:
    """What is read and copied has no zero-width or soft characters, in any page."""
    found = [path for path in own_site.rglob("*.html") if INVISIBLE.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_each_index_has_its_language_only(own_site: Path) -> None:
    """No English page is in the Chinese index, and none the other way round; locations are relative to the folder."""
    for folder, other in (("", "zh/"), ("zh/", "")):
        index = json.loads((own_site / folder / "search/search_index.json").read_text(encoding="utf-8"))
        locations = [doc["location"].partition("#")[0] for doc in index["docs"]]
        assert PAGING in locations
        assert all((own_site / folder / location / "index.html").is_file() for location in locations)
        assert not other or not any(location.startswith(other) for location in locations)


def test_a_result_is_chosen_with_the_keyboard(own_address: str, opened: Callable[..., Page]) -> None:
    """Slash opens the search, arrows go through what is found, Enter leads there."""
    page = opened(own_address)
    page.goto("zh/")
    page.keyboard.press("/")
    page.keyboard.insert_text("稀疏文件")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__link")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(f"{own_address}zh/{SPARSE}")))
    expect(page.locator("h1")).to_contain_text("稀疏文件")
