"""The course of remote uploads, and the files that a model is said to have."""

from dataclasses import replace

import pytest
from together_mock.core import sources, uploads, weights
from together_mock.core.clock import SECOND
from together_mock.core.lifecycle import Stage
from together_mock.core.profiles import JobStage
from together_mock.core.uploads import FAILURES, MAX_RESTARTS, Job, Status
from together_mock.core.weights import ADAPTER, SHARD_BYTES, STAND_IN_BYTES
from unit.rows import MODEL

START = 1_000 * SECOND
JOB = Job(
    id="job_1",
    model_id="ml_1",
    remote_url="org/repo",
    revision="rv_1",
    failure=None,
    reason=None,
    created_at=START,
    running_at=START + 10 * SECOND,
    ends_at=START + 110 * SECOND,
)
ROW = replace(
    MODEL,
    id="mistralai/Mixtral-8x7B-Instruct-v0.1",
    context_length=32768,
    parameters_billion=46.7,
)


def types(job, seconds):
    """The types of what has happened to a job some seconds after it was made."""
    return [event.type for event in uploads.happenings(job, START + round(seconds * SECOND))]


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (0, Status.PENDING),
        (9.999, Status.PENDING),
        (10, Status.RUNNING),
        (109.999, Status.RUNNING),
        (110, Status.SUCCEEDED),
        (9_999, Status.SUCCEEDED),
    ],
)
def test_a_job_goes_through_its_states_at_its_instants(seconds, status):
    """PENDING, RUNNING, SUCCEEDED: each state begins exactly when it is due."""
    assert uploads.progress(JOB, START + round(seconds * SECOND)).status is status


def test_the_course_of_a_job_is_told():
    """Every step has its instant, and nothing is told before it."""
    told = uploads.happenings(JOB, START + 110 * SECOND)
    assert [(event.type, (event.at - START) // SECOND) for event in told] == [
        ("upload.created", 0),
        ("download.started", 10),
        ("download.progress", 30),
        ("download.progress", 50),
        ("download.progress", 70),
        ("download.succeeded", 90),
        ("validation.started", 90),
        ("validation.succeeded", 110),
        ("upload.succeeded", 110),
    ]
    assert [event.number for event in told] == list(range(9))
    assert types(JOB, 69.9) == [event.type for event in told[:4]]
    assert "rv_1" in told[-1].message


def test_a_job_says_what_it_is_doing():
    """Its message is that of the last event, and that is when it was updated."""
    progress = uploads.progress(JOB, START + 55 * SECOND)
    assert (progress.message, progress.updated_at) == (
        "Downloaded 50 % of the files",
        START + 50 * SECOND,
    )


def test_a_job_is_made_waiting():
    """Where it takes no time, it is still seen waiting once: in the answer that made it."""
    job = replace(JOB, running_at=START, ends_at=START)
    assert uploads.progress(job, None).status is Status.PENDING
    assert uploads.progress(job, START).status is Status.SUCCEEDED
    assert uploads.is_imported(job, START)


def test_a_job_without_instants_waits_for_ever():
    """Under the preset manual nothing ever happens."""
    job = replace(JOB, running_at=None, ends_at=None)
    assert uploads.progress(job, START * 10**6).status is Status.PENDING
    assert types(job, 10**9) == ["upload.created"]
    assert not uploads.is_imported(job, START * 10**6)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_job_that_fails_says_why(failure):
    """The status and the message are the failure's, at the end and not before."""
    job = replace(JOB, failure=failure)
    assert uploads.progress(job, START + 109 * SECOND).status is Status.RUNNING
    progress = uploads.progress(job, START + 110 * SECOND)
    assert (progress.status, progress.message) == (
        FAILURES[failure].status,
        FAILURES[failure].message,
    )
    assert types(job, 110)[-1] == "upload.failed"
    assert uploads.happenings(job, START + 110 * SECOND)[-1].level == "ERROR"
    assert not uploads.is_imported(job, START + 110 * SECOND)


def test_only_what_was_fetched_can_be_corrupt():
    """A gated source gives no file; a corrupt one gives all, and they do not pass validation."""
    assert types(replace(JOB, failure="gated"), 110) == [
        "upload.created",
        "download.started",
        "upload.failed",
    ]
    corrupt = types(replace(JOB, failure="corrupt"), 110)
    assert corrupt[-3:] == ["validation.started", "validation.failed", "upload.failed"]


def test_a_source_that_does_not_answer_is_tried_again():
    """Its restarts are counted as they happen; then the job ends in ERROR."""
    job = replace(JOB, failure="unavailable")
    counts = [uploads.progress(job, START + at * SECOND).restarts for at in (34, 35, 60, 85, 110)]
    assert counts == [0, 1, 2, 3, MAX_RESTARTS]
    assert uploads.progress(job, START + 110 * SECOND).status is Status.ERROR


@pytest.mark.parametrize(
    ("source", "has_token", "failure"),
    [
        ("org/repo", False, None),
        ("https://huggingface.co/org/not-found", False, "not_found"),
        ("https://huggingface.co/org/gated", False, "gated"),
        ("https://huggingface.co/org/gated", True, None),
        ("org/Gated-model", False, "gated"),
        ("org/aggregated", False, None),
        ("org/gated-corrupt", True, "corrupt"),
        ("org/corrupt", True, "corrupt"),
        ("https://host.example/unavailable?x=1", True, "unavailable"),
    ],
)
def test_the_words_in_a_source_decide(source, has_token, failure):
    """Each failure has its word, which stands alone; a token opens what is gated."""
    assert uploads.outcome(source, has_token=has_token) == failure


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("org/repo", True),
        ("Qwen/Qwen2.5-7B-Instruct", True),
        ("https://huggingface.co/org/repo", True),
        ("https://bucket.s3.amazonaws.com:443/model.tar.gz?X-Amz-Signature=1", True),
        ("", False),
        ("repo", False),
        ("org/repo/more", False),
        ("http://host.example/model", False),
        ("ftp://host.example/model", False),
        ("https://", False),
        ("https://host.example/a b", False),
        ("/etc/passwd", False),
        ("org/" + "r" * 5000, False),
    ],
)
def test_a_source_is_a_url_or_a_repository(source, good):
    """https, or `org/repository`; nothing else."""
    assert sources.is_source(source) is good


def test_the_stage_of_the_preset_gives_the_instants():
    """A tenth of a job's time is waiting; the draw stretches it; no stage means never."""
    assert uploads.instants(Stage(100, 50), 0.0, START) == (
        START + 10 * SECOND,
        START + 100 * SECOND,
    )
    assert uploads.instants(Stage(100, 50), 0.5, START)[1] == START + 125 * SECOND
    assert uploads.instants(Stage(0), 0.5, START) == (START, START)
    assert uploads.instants(None, 0.5, START) == (None, None)


def test_shards_add_up_to_the_weights():
    """Parameters times bytes, in shards that are full but for the last one."""
    known = weights.weights_of(ROW)
    assert (known.parameters, known.size) == (46_700_000_000, 93_400_000_000)
    files = weights.made_up_files("rv_1", known)
    shards = [file for file in files if file.path.endswith(".safetensors")]
    assert sum(file.size for file in shards) == known.size
    assert [file.size for file in shards[:-1]] == [SHARD_BYTES] * 18
    assert shards[0].path == "model-00001-of-00019.safetensors"
    paths = [file.path for file in files]
    assert paths == sorted(paths)
    assert {"config.json", "model.safetensors.index.json"} <= set(paths)


@pytest.mark.parametrize("billion", [0, 0.5, 2.5])
def test_weights_that_fit_are_one_file(billion):
    """Up to one shard there is no index, and a shard that is exactly full has none after it."""
    files = weights.made_up_files(
        "rv_1", weights.weights_of(replace(ROW, parameters_billion=billion))
    )
    [shard] = [file for file in files if "safetensors" in file.path]
    assert (shard.path, shard.size) == ("model.safetensors", round(billion * 2e9))


def test_an_adapter_is_small():
    """An adapter has its own two files, and a small part of its base's parameters."""
    known = weights.weights_of(ROW, ADAPTER)
    assert known.parameters == 93_400_000
    files = weights.made_up_files("rv_1", known, ADAPTER)
    assert [file.path for file in files] == ["adapter_config.json", "adapter_model.safetensors"]
    assert files[1].size == 186_800_000


def test_what_is_given_for_a_file_is_its_own():
    """A stand-in is as long as the file, up to a few KB, and differs by revision and path."""
    assert len(weights.stand_in("rv_1", "a", 100)) == 100
    assert len(weights.stand_in("rv_1", "a", 10**12)) == STAND_IN_BYTES
    assert weights.stand_in("rv_1", "a", 0) == b""
    contents = {weights.stand_in(*of, 64) for of in (("rv_1", "a"), ("rv_2", "a"), ("rv_1", "b"))}
    assert len(contents) == 3
    assert weights.stand_in("rv_1", "a", 64) in contents


def test_a_part_is_told_by_its_tag():
    """A tag gives back what it was made of, quoted or not; anything else is none."""
    digest = weights.hash_of(b"part")
    tag = weights.part_tag(digest, 4)
    assert weights.read_part_tag(tag) == weights.read_part_tag(f'"{tag}"') == (digest, 4)
    assert weights.read_part_tag(digest) is None
    assert weights.read_part_tag(f"{digest}-") is None
    assert weights.read_part_tag(f"{digest}-{'9' * 40}") is None


def test_a_file_of_several_parts_has_a_hash_of_hashes():
    """One part's hash is the file's; of several it is the MD5 of their MD5s, and their number."""
    one, two = weights.hash_of(b"one"), weights.hash_of(b"two")
    assert weights.whole_hash([one]) == one
    both = weights.hash_of(bytes.fromhex(one) + bytes.fromhex(two))
    assert weights.whole_hash([one, two]) == f"{both}-2"


def test_architectures_are_told_by_name():
    """The most telling part of a name counts; what is not known is a llama."""
    assert weights.architecture_of("deepseek-ai/DeepSeek-R1") == "DeepseekV3ForCausalLM"
    distilled = weights.architecture_of("deepseek-ai/DeepSeek-R1-Distill-Llama-70B")
    assert distilled == weights.architecture_of("somebody/new") == "LlamaForCausalLM"


# Profiles ----------------------------------------------------------------------------------

USUAL = (START + 10 * SECOND, START + 110 * SECOND)
SLOW, NEVER = JobStage(running=False, stage=Stage(60)), JobStage(running=False, stage=None)


@pytest.mark.parametrize(
    ("waiting", "running", "begins", "ends"),
    [
        (None, None, 10, 110),
        (SLOW, None, 60, 160),
        (NEVER, None, None, None),
        (None, JobStage(running=True, stage=Stage(5)), 10, 15),
        (SLOW, JobStage(running=True, stage=Stage(5, 10)), 60, 70),
        (None, JobStage(running=True, stage=None), 10, None),
        (NEVER, JobStage(running=True, stage=Stage(5)), None, None),
    ],
)
def test_a_profile_times_a_job_where_it_has_a_stage(waiting, running, begins, ends):
    """What it does not time takes as long as usual; a stage without a length is never over."""
    made = uploads.profiled(USUAL, waiting, running, 0.5, START)
    told = tuple(None if at is None else (at - START) // SECOND for at in made)
    assert told == (begins, ends)


def test_a_job_that_never_runs_by_the_preset_can_end_by_a_profile():
    """Under preset manual there is nothing usual to fall back on."""
    usual = (None, None)
    assert uploads.profiled(usual, SLOW, None, 0.0, START) == (START + 60 * SECOND, None)
    made = uploads.profiled(usual, SLOW, JobStage(running=True, stage=Stage(1)), 0.0, START)
    assert made == (START + 60 * SECOND, START + 61 * SECOND)


def test_a_reason_of_its_own_fails_a_job():
    """What is none of the known failures is the message itself."""
    job = replace(JOB, reason="Disk full")
    assert uploads.progress(job, START + 110 * SECOND).message == "Disk full"
    assert uploads.milestones(job, START + 110 * SECOND)[-1] == (Status.FAILED, job.ends_at)
