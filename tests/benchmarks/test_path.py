"""The stages of a purchase that are timed are all of it, whatever it has in its head."""

from benchmarks import path


def test_every_kind_of_purchase_goes_the_way_that_is_timed() -> None:
    """A purchase that was declined, or went over ASGI, would have raised."""
    seen = {figure.name: figure.value for figure in path.measure(batches=3)}
    for kind in path.KINDS:
        whole, *stages = (
            value
            for name, value in seen.items()
            if name.startswith(f"{kind}: ") and "calls" not in name
        )
        assert whole > 0
        assert abs(sum(stages) - whole) < 1e-6
        assert 0 < seen[f"{kind}: calls of Python"] < 100
