from __future__ import annotations

from processing.dyno.tally import Curve, Tally


def test_a_full_curve_is_thinned_and_keeps_its_peaks() -> None:
    curve = Curve(most_points=10)
    for at in range(1000):
        curve.add(float(at), 900 if at == 613 else at % 7)
    assert len(curve.points) <= 10
    assert (613.0, 900) in curve.points
    assert [at for at, _ in curve.points] == sorted(at for at, _ in curve.points)
    assert curve.points[-1][0] > 800


def test_a_short_curve_has_every_sample() -> None:
    curve = Curve(most_points=10)
    for at in range(10):
        curve.add(float(at), at)
    assert curve.points == [(float(at), at) for at in range(10)]


def test_time_above_the_quota_is_summed_while_it_runs() -> None:
    tally = Tally(quota_bytes=100)
    for at, usage_bytes in [(0.0, 50), (1.0, 101), (1.5, 200), (2.0, 100)]:
        tally.add_sample(at, usage_bytes)
    tally.end_run(0)
    tally.add_sample(50.0, 101)
    assert tally.seconds_above_quota == 1.5
    assert tally.peak_bytes == 200
