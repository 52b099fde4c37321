"""The commands that a piece of shell calls, found without running it: what its outcome depends on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from notekit.model import Example, NamedFile

# What ends one simple command and begins the next; also $( ` { and the words that stand before a command.
_BREAK = re.compile(r"\|\|?|&&?|;;?|\n|\$\(|<\(|>\(|[()`]")
_TOKEN = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|&;()`])+""", re.DOTALL)
_BEFORE = frozenset({"!", "{", "}", "do", "done", "elif", "else", "fi", "if", "then", "time", "until", "while"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# Commands whose own words hold another command.
_CALLERS = frozenset({"chroot", "command", "doas", "env", "exec", "find", "nice", "nohup", "parallel", "setsid"}) | {
    *("stdbuf", "strace", "sudo", "taskset", "timeout", "unshare", "watch", "xargs"),
}
# bash answers these itself; a program of the same name counts only where another command calls it.
_BUILTIN_NAMES = (
    ". : [ alias bg bind break builtin caller cd compgen complete continue declare dirs disown echo enable eval exit "
    "export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read "
    "readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias "
    "unset wait"
)
_BUILTINS = frozenset(_BUILTIN_NAMES.split())
_HERE_DOCUMENT = re.compile(r"""<<-?\s*(['"]?)(\w+)\1""")
_WORD = re.compile(r"[A-Za-z0-9_.+\[-]+")
_SHELLS = frozenset({"bash", "sh", "fish"})
_SCRIPT_NAME = re.compile(r"\.(?:ba|fi)?sh$")
_SCRIPT_START = re.compile(rb"#!\S*(?:/|\benv\s+)(?:ba|da|fi)?sh\b")


def words_of_scripts(examples: Iterable[Example]) -> tuple[str, ...]:
    """What the shell programs of examples call, and the shell scripts among the files that they may use."""
    words: dict[str, None] = {}
    for example in examples:
        texts = [example.code] if example.language in _SHELLS else []
        texts += [file.content.decode("utf-8", "replace") for file in example.files if _is_script(file)]
        for text in texts:
            words |= dict.fromkeys(words_of(text))
    return tuple(words)


def _is_script(file: NamedFile) -> bool:
    return bool(_SCRIPT_NAME.search(file.path) or _SCRIPT_START.match(file.content))


def words_of(text: str) -> tuple[str, ...]:
    """Each word that stands where a command stands, in order, once; bash's builtins are not among them.

    It reads too much rather than too little: a word too many costs nothing but a version that is looked up.
    """
    text = _without_here_documents(text)
    return tuple(dict.fromkeys(_words(_TOKEN.sub(_inner, text) if "$(" in text else text)))


def _without_here_documents(text: str) -> str:
    kept: list[str] = []
    ends: list[str] = []
    for line in text.split("\n"):
        if ends:
            if line.strip() == ends[0]:
                ends.pop(0)
            continue
        kept.append(line)
        ends = [found[2] for found in _HERE_DOCUMENT.finditer(line)]
    return "\n".join(kept)


def _inner(found: re.Match[str]) -> str:
    """A double-quoted text with a command substitution in it, opened."""
    token = found[0]
    return token.replace('"', " ") if "$(" in token else token


def _words(text: str) -> Iterator[str]:
    for part in _split(text):
        tokens = [token.strip("\"'") for token in _TOKEN.findall(part)]
        while tokens and (tokens[0] in _BEFORE or _ASSIGNMENT.match(tokens[0])):
            tokens.pop(0)
        if not tokens:
            continue
        called = tokens if tokens[0] in _CALLERS else [token for token in tokens[:1] if token not in _BUILTINS]
        yield from (token for token in called if _WORD.fullmatch(token))


def _split(text: str) -> Iterator[str]:
    """Simple commands: the text cut at the shell's operators, but not inside quotes."""
    quoted = [found.span() for found in re.finditer(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", text, re.DOTALL)]
    start = 0
    for cut in _BREAK.finditer(text):
        while quoted and quoted[0][1] <= cut.start():
            quoted.pop(0)
        if quoted and quoted[0][0] <= cut.start():
            continue
        yield text[start : cut.start()]
        start = cut.end()
    yield text[start:]
