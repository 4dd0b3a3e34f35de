#!/usr/bin/env python3
"""Checks that files call each other in one direction (calls.py reads who names whom): no circle of
rooms, and inside a room no circle of more than 4 files. allowed/circles.txt names those that remain,
a line with every member of it (a room, or a file without suffix) and the reason.

For each circle its files and the calls that close it are printed.
"""
import collections
import sys

import calls
import tree

FILES_MAX = 4
seen = []


def unit(file):
    """A header and its source are one."""
    return file.rpartition(".")[0]


def room(file):
    return file.rpartition("/")[0]


def edges(found, of):
    """from -> to -> the functions named, between different units or rooms."""
    graph = collections.defaultdict(lambda: collections.defaultdict(set))
    for part in found.parts:
        for name, targets in part.names.items():
            for target in targets:
                if target.is_function and of(part.file) != of(target.file):
                    graph[of(part.file)][of(target.file)].add(name)
    return graph


def circles(graph):
    """The strongly connected parts of more than one node (Tarjan)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def told(circle, graph):
    for node in circle:
        for other in sorted(set(graph.get(node, ())) & set(circle)):
            print(f"    {node} -> {other}: {' '.join(sorted(graph[node][other]))}")


def breaches():
    found = calls.Calls(tree.ROOT)
    seen.extend(found.files)
    rooms, files = edges(found, room), edges(found, unit)
    inside = [c for c in circles(files) if len({room(name) for name in c}) == 1 and len(c) > FILES_MAX]
    allowed, met = tree.allowed("circles"), set()
    for graph, circle in [(rooms, c) for c in circles(rooms)] + [(files, c) for c in inside]:
        line = next((line for line in allowed if set(circle) <= set(line[0])), None)
        if line is None:
            yield circle[0], 1, f"a circle of {len(circle)}: {' '.join(circle)}"
        else:
            met.add(line)
            print(f"allowed, {line[1]}: a circle of {len(circle)}")
        told(circle, graph)
    for names, reason in set(allowed) - met:
        yield names[0], 1, f"is allowed in a circle and in none: '{reason}' can go"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
