"""The plugin in runs of pytest of its own: what a marker sets, and what it cannot."""

import pytest
from support import H100X2, MIXTRAL


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("colour='red'", "has no argument colour; it has preset, seed, state, capacity, *"),
        ("'realistic'", "takes no arguments without a name, and was given*"),
        ("preset=3", "takes the name of a preset as preset, not 3"),
        ("fail_on_running='yes'", "takes True or False as fail_on_running, not 'yes'"),
        ("capacity=[]", "takes a document such as * as capacity, not []"),
        ("seed=True", "takes text or a number as seed, not True"),
        ("state=7", "takes a state document or the name of a file of one as state, not 7"),
    ],
)
def test_a_marker_that_says_what_it_cannot_is_refused(run, marker, reason):
    """Also on a test that uses no fixture: in one line, with the test's name."""
    outcome = run(f"@pytest.mark.together_mock({marker})\ndef test_one(): pass")
    outcome.assert_outcomes(errors=1)
    name = "*::test_one: @pytest.mark.together_mock "
    outcome.stdout.fnmatch_lines([name + reason.replace("[]", "[[]]")])


@pytest.mark.parametrize(
    ("marker", "reason"),
    [
        ("preset='never'", "*cannot be made: *Unknown preset never*"),
        ("state='nowhere.yaml'", "*cannot be made: *nowhere.yaml*"),
        (
            "state={'clock': 'x'}",
            "*cannot be made: clock of a state document is a mapping*",
        ),
        ("state={'project': 5}", "*cannot be made: project of a state document is a mapping*"),
        ("state={'api_key': 5}", "*cannot be made: api_key of a state document is text, not 5"),
        ("state={'colour': 'red'}", "*cannot be made: *colour*"),
        ("capacity={'colour': 'red'}", "*cannot be made: *capacity.colour*"),
    ],
)
def test_a_project_that_cannot_be_made_says_why(run, marker, reason):
    """In one line, for the test that wants it alone."""
    outcome = run(f"""
@pytest.mark.together_mock({marker})
def test_one(together_mock): pass
def test_two(together_mock): pass
""")
    outcome.assert_outcomes(errors=1, passed=1)
    outcome.stdout.fnmatch_lines([reason])


def test_a_marker_sets_the_scene(run, pytester):
    """The closest one wins, argument by argument; a file is found beside the test."""
    scene = f"""
project: {{slug: scene}}
api_key: somebody
preset: manual
endpoints:
  - {{id: endpoint-1, model: {MIXTRAL}, hardware: {H100X2}, state: STARTED}}
"""
    pytester.makefile(".yaml", scene=scene)
    outcome = run("""
POOLS = {"pools": [{"hardware": "2x_nvidia_h100_80gb_sxm", "replicas": 3}]}

@pytest.mark.together_mock(preset="fast", seed=7, capacity=POOLS)
class TestScene:
    @pytest.mark.together_mock(preset="realistic", state="scene.yaml")
    def test_one(self, together_mock):
        state = together_mock.state()
        assert (state["preset"], state["seed"]) == ("realistic", "7")
        assert state["capacity"]["pools"][0]["replicas"] == 3
        assert [one["id"] for one in state["endpoints"]] == ["endpoint-1"]
        assert together_mock.project.slug == "scene"
        assert together_mock.api_key != "somebody"
        assert together_mock.clock.rate == 0
        create(together_mock)
        together_mock.reset()
        assert together_mock.state() == state

    def test_two(self, together_mock):
        assert together_mock.state()["preset"] == "fast"
""")
    outcome.assert_outcomes(passed=2)


def test_a_state_file_is_beside_the_test_or_where_pytest_runs(run, pytester):
    """In this order, for the marker and for `load` alike."""
    folder = pytester.mkdir("below")
    for where, slug in ((pytester.path, "above"), (folder, "beside")):
        (where / "both.yaml").write_text(f"project: {{slug: {slug}-slug}}")
    (pytester.path / "one.yaml").write_text("project: {slug: one-slug}")
    (folder / "test_below.py").write_text(
        """
import pytest

@pytest.mark.together_mock(state="both.yaml")
def test_marker(together_mock):
    assert together_mock.project.slug == "beside-slug"
    together_mock.load("one.yaml")
    assert together_mock.project.slug == "one-slug"
    together_mock.load("both.yaml")
    assert together_mock.project.slug == "beside-slug"
    with pytest.raises(FileNotFoundError, match="below.nowhere.yaml and no .*nowhere.yaml"):
        together_mock.load("nowhere.yaml")
    with pytest.raises(ValueError, match="clock of a state document"):
        together_mock.load({"clock": "x"})

@pytest.mark.together_mock(state="one.yaml")
def test_working_directory(together_mock):
    assert together_mock.project.slug == "one-slug"
"""
    )
    run("").assert_outcomes(passed=2)
