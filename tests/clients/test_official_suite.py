"""The tests that come with the SDK's source distributions, run against a lenient server."""

from pathlib import Path
from typing import Any

import pytest
from clients import environments
from clients.processes import Client

HERE = Path(__file__).parent
RESOURCES = "tests/api_resources"
# What follows the server's root in the base URL of a release.
BASES = {"2.42.0": "/v1", "3.1.1": ""}


def _later(release: str, file: str, what: str) -> Any:
    marks = pytest.mark.skip(reason=f"not served yet: {what}")
    return pytest.param(release, file, "", marks=marks)


def _v2(release: str, within: str = "") -> list[Any]:
    """The files about v2, which a release has somewhere within its tests."""
    served = (
        "test_endpoints.py",
        "endpoints/test_deployments.py",
        "endpoints/test_hardware.py",
        "endpoints/test_adapters.py",
        "endpoints/test_placement_profiles.py",
        "test_models.py",
        "models/test_configs.py",
        "models/test_remote_uploads.py",
    )
    later = {
        "endpoints/test_rollouts.py": "rollouts",
        "endpoints/test_ab_experiments.py": "A/B experiments",
        "endpoints/test_shadow_experiments.py": "shadow experiments",
        "endpoints/shadow_experiments/test_targets.py": "shadow experiments",
    }
    return [
        *((release, within + file, "") for file in served),
        *(_later(release, within + file, what) for file, what in later.items()),
    ]


# Each file of a release, with an expression that chooses among its tests; empty takes them all.
FILES = [
    ("2.42.0", "test_client.py", ""),
    ("2.42.0", "test_projects.py", ""),
    ("2.42.0", "test_endpoints.py", ""),
    ("2.42.0", "test_models.py", ""),
    ("2.42.0", "chat/test_completions.py", ""),
    ("2.42.0", "endpoints/test_adapters.py", ""),
    ("2.42.0", "models/test_uploads.py", ""),
    ("2.42.0", "test_completions.py", ""),
    ("2.42.0", "test_embeddings.py", ""),
    ("2.42.0", "test_rerank.py", ""),
    *_v2("2.42.0", "beta/"),
    ("3.1.1", "test_client.py", ""),
    ("3.1.1", "test_projects.py", ""),
    ("3.1.1", "chat/test_completions.py", ""),
    ("3.1.1", "test_completions.py", ""),
    ("3.1.1", "test_embeddings.py", ""),
    ("3.1.1", "test_rerank.py", ""),
    *_v2("3.1.1"),
]


@pytest.mark.parametrize(("release", "file", "chosen"), FILES)
def test_official(lenient_root, tmp_path, release, file, chosen):
    """Every test of the file passes."""
    source = environments.official_suite(release)
    base = BASES[release]
    seed = "seed.json" if release == "2.42.0" and not file.startswith("beta/") else "seed_v2.json"
    suite = Client(
        environments.python(f"together-{release}-suite"), tmp_path, lenient_root, "unused", base
    )
    options = ("-q", "-p", "seeded", "-p", "no:cacheprovider", "-o", "addopts=--tb=short")
    ran = suite.run(
        "python",
        *("-m", "pytest", *options, "-k", chosen, "--rootdir", source, source / RESOURCES / file),
        PYTHONPATH=f"{HERE / 'plugins'}:{source}",
        TEST_API_BASE_URL=f"{lenient_root}{base}",
        TOGETHER_MOCK_ROOT=lenient_root,
        TOGETHER_MOCK_SEED=str(HERE / "plugins" / seed),
    )
    assert ran.status == 0, ran.out + ran.err
