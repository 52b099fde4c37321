"""Frames between host and guest: whatever is sent arrives, and what is none is told."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.guest import frames
from notekit.guest.frames import Frame, FrameError, Reader

_FRAMES = st.lists(
    st.one_of(
        st.builds(Frame, st.sampled_from("HWOE!"), st.integers(0, frames.JOBS - 1), st.binary(max_size=300)),
        st.builds(Frame, st.sampled_from("NX"), st.integers(0, frames.JOBS - 1), st.binary(min_size=1, max_size=1)),
    )
)


@given(_FRAMES, st.lists(st.integers(1, 50)))
def test_frames_arrive_however_they_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    """What comes in pieces of any size gives the frames that were sent, in order."""
    data = b"".join(frames.frame(one.kind, one.content, one.job) for one in sent)
    reader, found = Reader(), []
    for cut in (*cuts, len(data)):
        part, data = data[:cut], data[cut:]
        found += reader.feed(part)
    assert found == sent


@given(st.binary(min_size=8, max_size=200))
def test_a_reader_gives_frames_or_an_error(data: bytes) -> None:
    """Any bytes at all are frames, the beginning of one, or an error of its own kind."""
    try:
        found = list(Reader().feed(data))
    except FrameError as error:
        assert str(error).startswith("the guest sent what is no frame: b")
    else:
        assert sum(8 + len(one.content) for one in found) <= len(data)


@pytest.mark.parametrize(
    "wrong",
    [
        frames.frame("Z"),
        frames.frame("O", job=frames.JOBS),
        frames.frame("X", b""),
        frames.frame("N", b"12"),
        struct.pack("<cBxxI", b"O", 0, frames.LONGEST + 1),
    ],
)
def test_what_is_no_frame_is_told(wrong: bytes) -> None:
    """An unknown kind, a job that cannot be, a status of another size, and a frame too long are no frames."""
    with pytest.raises(FrameError):
        list(Reader().feed(wrong))


def test_a_command_that_is_too_long_is_refused() -> None:
    """Words that do not fit into one frame are refused before anything is sent."""
    one = frames.Start(("echo", "x" * frames.LONGEST), {}, "/")
    with pytest.raises(ValueError, match="too long"):
        frames.start(one)


@given(st.binary(max_size=200_000))
def test_a_file_is_cut_into_frames(content: bytes) -> None:
    """A file's frames hold its bytes, none of them longer than a frame may be."""
    data = frames.file("/a", content, mode=0o644, user=0)
    found = b""
    while data:
        kind, _, length = struct.unpack_from("<cBxxI", data)
        assert length <= frames.LONGEST
        found += data[8 : 8 + length] if kind == b"D" else b""
        data = data[8 + length :]
    assert found == content
