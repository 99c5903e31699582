from __future__ import annotations

from benchmarks.compare_syft import Comparison

A, B, C = ("deb", "a", "1"), ("deb", "b", "1"), ("npm", "c", "1")


def test_recall_and_precision_are_parts_of_syfts_and_of_ours() -> None:
    found = Comparison(image="x", ours=frozenset({A, B}), theirs=frozenset({A, B, C}))
    assert (round(found.recall, 3), found.precision) == (0.667, 1.0)


def test_each_difference_is_listed() -> None:
    found = Comparison(image="x", ours=frozenset({A, B}), theirs=frozenset({A, C}))
    assert found.lines() == [
        "x: 2 ours, 2 Syft's, recall 50.00%, precision 50.00%",
        "  + deb b 1",
        "  - npm c 1",
    ]


def test_an_image_without_packages_is_as_good_as_can_be() -> None:
    found = Comparison(image="x", ours=frozenset(), theirs=frozenset())
    assert (found.recall, found.precision) == (1.0, 1.0)
