"""How many calls at a time: more while SEQR keeps up, fewer when it slows down."""

from payments.polling.concurrency import LEAST, Window


def spell(window: Window, seconds: float, times: int = 100, *, full: bool = True) -> None:
    for _ in range(times):
        window.ended(seconds)
    if full:
        window.full()
    window.adapt()


def test_it_grows_to_the_most_while_answers_come_as_quickly_as_ever() -> None:
    window = Window(800)

    for _ in range(30):
        spell(window, 0.050)

    assert window.size == 800


def test_it_stays_where_nobody_waited() -> None:
    window = Window(800)
    before = window.size

    for _ in range(30):
        spell(window, 0.050, full=False)

    assert window.size == before


def test_it_shrinks_when_more_calls_only_make_each_slower() -> None:
    window = Window(800)
    for _ in range(10):
        spell(window, 0.010)
    before = window.size

    spell(window, 0.200)

    assert window.size < before


def test_a_few_slow_answers_do_not_shrink_it() -> None:
    window = Window(800)
    spell(window, 0.010)
    before = window.size

    for _ in range(5):
        window.ended(5.0)
    spell(window, 0.010)

    assert window.size >= before


def test_when_all_answers_are_slow_it_shrinks_to_the_least_and_no_further() -> None:
    window = Window(800)

    for _ in range(10):
        spell(window, 5.0)

    assert window.size == LEAST


def test_slowness_that_lasts_becomes_the_usual() -> None:
    window = Window(800)
    spell(window, 0.010)
    for _ in range(20):
        spell(window, 0.300)
    smallest = window.size

    for _ in range(200):
        spell(window, 0.300)

    assert window.size > smallest


def test_it_never_leaves_its_bounds() -> None:
    window = Window(3)

    spell(window, 9.0)
    spell(window, 0.001)

    assert window.size == 3
