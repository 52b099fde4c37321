"""What notekit itself says on a page, by language. A language without a table is an error of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_EN = {
    "passed": "Verified",
    "failed": "Failed",
    "not-verified": "Not verified",
    "error": "Could not be run",
    "computed": "Computed",
    "checked": "Computed and checked",
    "with": "with {tools}",
    "on": "on {date}",
    "took": "in {seconds} s",
    "joint": " ",
    "colon": ": ",
    "recorded": "The output shown is the recorded one.",
    "output": "Output",
    "stderr": "Standard error",
    "question": "Question",
    "sources": "Sources",
    "related": "Related",
    "stale": "This section is behind its original, which has changed since it was translated: {original}",
    "unmarked": "Nobody has said yet that this section is up to date with its original: {original}",
    "as_text": "The diagram as text",
    "broken_note": "This note could not be read",
    "end": "It came to: {end}",
    "how": "Run as: {how}",
    "stop": ". ",
}

_ZH = {
    "passed": "已验证",
    "failed": "验证失败",
    "not-verified": "未验证",
    "error": "未能运行",
    "computed": "由模拟器算出",
    "checked": "由模拟器算出并核对",
    "with": "使用{tools}",
    "on": "于{date}",
    "took": "用时{seconds}秒",
    "joint": "，",
    "colon": "：",
    "recorded": "这里显示的输出是笔记里记录的，不是这次运行的结果。",
    "output": "输出",
    "stderr": "标准错误",
    "question": "问题",
    "sources": "参考资料",
    "related": "相关笔记",
    "stale": "本节译文落后于原文，原文在翻译之后有改动：{original}",
    "unmarked": "还没有人确认本节译文与原文一致。原文：{original}",
    "as_text": "图的文字版",
    "broken_note": "这篇笔记无法读取",
    "end": "结束状态：{end}",
    "how": "运行方式：{how}",
    "stop": "。",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_EN), "zh": MappingProxyType(_ZH)})


def text(language: str, key: str, **values: str) -> str:
    """The interface text of that name, with its values filled in.

    Raises KeyError for a language or a key that has no text: a missing translation is an error, not English.
    """
    return TEXTS[language][key].format(**values)
