"""The picture of any walk that one of the diagrams shows, as SVG that stands by itself."""

from vmsim import Walk
from vmsim.paging import LEVEL_4, LEVEL_5
from vmsim.value import FieldError
from vmview import ept_walk, page_walk, svg

__all__ = ["walk_picture"]


def walk_picture(walk: Walk, language: str = "en") -> str:
    """The page-walk diagram, or with EPT the ept-walk diagram, of a walk with 4-level or 5-level paging.

    Raises FieldError for another paging mode.
    """
    paging = walk.processor.paging
    if paging not in (LEVEL_4, LEVEL_5):
        raise FieldError("paging", paging.name, "4-level or 5-level paging: there are pictures of no other")
    diagram = page_walk if walk.ept is None else ept_walk
    return svg.render(diagram.layout(walk, language), "walk")
