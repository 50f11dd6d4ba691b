"""Circles among what stands above what: managers of people, parents of org units and groups."""

from collections.abc import Collection, Mapping


def in_a_circle(above: Mapping[str, Collection[str]]) -> set[str]:
    """Those that stand, directly or through others, above themselves. Linear; a deep chain is no recursion."""
    left = {node: {each for each in nodes if each in above} for node, nodes in above.items()}
    below: dict[str, list[str]] = {}
    for node, nodes in left.items():
        for each in nodes:
            below.setdefault(each, []).append(node)
    _peel(left, below)
    # What hangs below a circle is left, too: it is peeled from the other end.
    rest = {node: {each for each in below.get(node, ()) if each in left} for node in left}
    _peel(rest, {node: list(nodes) for node, nodes in left.items()})
    return set(rest)


def _peel(left: dict[str, set[str]], referring: Mapping[str, Collection[str]]) -> None:
    """Take out, again and again, what refers to nothing that is left."""
    free = [node for node, nodes in left.items() if not nodes]
    while free:
        node = free.pop()
        del left[node]
        for each in referring.get(node, ()):
            if each in left:
                left[each].discard(node)
                if not left[each]:
                    free.append(each)
