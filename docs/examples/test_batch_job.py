"""The job leaves nothing behind, however it ends; the leak guard catches the one that does."""

import pytest
from batch_job import HARDWARE, StartError, run, run_and_forget

pytestmark = pytest.mark.together_mock(fail_on_running=True)


@pytest.fixture(autouse=True)
def polls_move_the_clock(together_mock):
    """So that the job's own loop gets on; it is not told that time is virtual."""
    together_mock.preset("realistic")
    together_mock.clock.move_on_poll()


def test_every_question_is_answered(together_client, together_mock):
    together_mock.script(match={"last_user": {"contains": "weather"}}, reply={"text": "Cold."})
    assert run(together_client, ["What weather?"], poll_every=0) == ["Cold."]
    assert together_mock.cost < 1


def test_a_question_that_fails_leaves_nothing_running(together_client):
    with pytest.raises(ValueError, match="an empty question"):
        run(together_client, ["Hello!", ""], poll_every=0)


@pytest.mark.parametrize("effect", ["start_error", "stuck_pending"])
def test_a_start_that_fails_leaves_nothing_running(together_client, together_mock, effect):
    together_mock.fault(effect={"lifecycle": effect})
    with pytest.raises(StartError):
        run(together_client, ["Hello!"], poll_every=0)


def test_an_endpoint_that_is_queued_for_too_long_is_given_up(together_client, together_mock):
    together_mock.capacity(pools=[{"hardware": HARDWARE, "replicas": 0}])
    with pytest.raises(StartError, match="still PENDING"):
        run(together_client, ["Hello!"], poll_every=0)


def test_the_leak_guard_catches_the_job_that_forgets(pytester):
    """A test like the ones above, of the job with the bug: it passes, and yet the run fails."""
    pytester.makepyfile("""
        import pytest
        from batch_job import run_and_forget

        @pytest.mark.together_mock(fail_on_running=True)
        def test_forgets(together_client):
            assert len(run_and_forget(together_client, ["Hello!", ""])) == 1
    """)
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(
        [
            "the test leaves an endpoint running, which would cost $7,776.00 a month:",
            "      1 x 2x_nvidia_h100_80gb_sxm at $10.80 an hour: $7,776.00 a month (30 days)",
        ]
    )


@pytest.mark.together_mock(fail_on_running=False)
def test_what_the_bug_costs_in_a_week(together_client, together_mock):
    together_mock.clock.move_on_poll()
    run_and_forget(together_client, [""])
    together_mock.clock.advance(days=7)
    assert together_mock.cost > 1800
