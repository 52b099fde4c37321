"""Every simulator test runs on both builds: ``build`` is the module to take ``translate`` from."""

import pytest

from vmsim import _build

BUILDS = {"interpreted": _build.interpreted, "compiled": _build.compiled}


@pytest.fixture(params=sorted(BUILDS), scope="session")
def build(request):
    module = BUILDS[request.param]()
    assert (request.param == "compiled") == module.COMPILED
    return module
