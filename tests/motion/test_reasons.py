from sdbr.motion.plan import KeyframePlan, reasons


def test_numbers_and_cuts_are_counted_as_people_count():
    plan = KeyframePlan("auto", (range(0, 20), range(20, 40)), (0, 19, 20, 24, 28, 32, 36, 39))
    assert reasons(plan) == ("2 shots, cut at frame 21",)


def test_many_cuts_are_not_all_named():
    shots = tuple(range(n, n + 2) for n in range(0, 40, 2))
    plan = KeyframePlan("every", shots, tuple(range(40)))
    assert reasons(plan)[0] == "20 shots, cuts at frames 3, 5, 7, 9, 11, 13 …"


def test_what_was_asked_for_needs_no_reason():
    assert reasons(KeyframePlan("all", (range(1), range(1, 3)), (0, 1, 2))) == ()
    assert reasons(KeyframePlan("auto", (), ())) == ()
