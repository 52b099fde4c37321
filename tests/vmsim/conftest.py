"""Every simulator test runs on both builds: ``build`` is the module to take ``translate`` from."""

import importlib

import pytest

from vmsim import _build, stream

BUILDS = {"interpreted": _build.interpreted, "compiled": _build.compiled}


@pytest.fixture(params=sorted(BUILDS), scope="session")
def build(request):
    module = BUILDS[request.param]()
    assert (request.param == "compiled") == module.COMPILED
    return module


LOOPS = {"interpreted": lambda: importlib.import_module("vmsim.stream_loop"), "compiled": stream.loop}


@pytest.fixture(params=sorted(LOOPS), scope="session")
def loop(request):
    """The inner loop of a stream: see ``vmsim.stream``."""
    return LOOPS[request.param]()
