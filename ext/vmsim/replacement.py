"""Which way of a set is given up: true LRU, FIFO and tree-PLRU, as pure functions of the set's order.

An order is a tuple of way numbers, the next victim first (LRU, FIFO), or the tree's bits in one number (tree-PLRU:
node 1 is the root, node n has the children 2n and 2n + 1; its bit is 1 where the victim is in the upper half).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Order: TypeAlias = "tuple[int, ...] | int"

LRU = "LRU"
FIFO = "FIFO"
TREE_PLRU = "tree-PLRU"
POLICIES = (LRU, FIFO, TREE_PLRU)


def initial(policy: str, ways: int) -> "Order":
    """The order of an empty set."""
    return 0 if policy == TREE_PLRU else tuple(range(ways))


def used(policy: str, ways: int, order: "Order", way: int) -> "Order":
    """The order after a hit in ``way``: FIFO does not care."""
    return order if policy == FIFO else filled(policy, ways, order, way)


def filled(policy: str, ways: int, order: "Order", way: int) -> "Order":
    """The order after ``way`` was filled: it is the last to be given up."""
    if isinstance(order, tuple):
        return tuple([other for other in order if other != way] + [way])
    node, width, low = 1, ways, 0
    while width > 1:
        width //= 2
        upper = way >= low + width
        # The bit points away from what was used.
        order = order & ~(1 << node) if upper else order | 1 << node
        node = 2 * node + upper
        low += width if upper else 0
    return order


def victim(policy: str, ways: int, order: "Order") -> int:
    """The way to give up, in a set that is full."""
    if isinstance(order, tuple):
        return order[0]
    node, width, low = 1, ways, 0
    while width > 1:
        width //= 2
        upper = order >> node & 1
        node = 2 * node + upper
        low += width * upper
    return low
