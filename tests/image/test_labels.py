"""What a build is told of itself: version and revision, as labels of the image."""

import re
import subprocess

import pytest
from image.dockerfile import DockerfileError, read
from image.performing import ROOT, Builder
from together_mock import __version__


def test_labels_that_nobody_gave_say_that_they_are_unknown(tmp_path):
    """A plain `docker build .` claims no version; an argument that there is not is refused."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("ARG", "LABEL", "      org.", "USER"))]
    (tmp_path / "Dockerfile").write_text("\n".join(["FROM python:3.13-slim", *kept]))
    (tmp_path / ".dockerignore").touch()
    labels = Builder(tmp_path, tmp_path / "built").build().labels
    for name in ("version", "revision"):
        assert labels[f"org.opencontainers.image.{name}"] == "unknown"
    with pytest.raises(DockerfileError, match=r"^no ARG declares VERSOIN$"):
        Builder(tmp_path, tmp_path / "again", VERSOIN="1").build()


def test_make_image_says_what_is_built(tmp_path):
    """`make image` gives an engine the version of the package and the revision of the checkout."""
    engine = tmp_path / "engine"
    engine.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    engine.chmod(0o755)
    command = ["make", "--silent", "image", f"ENGINE={engine}", "ARGS=--format docker"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    words = done.stdout.splitlines()
    (revision,) = (word for word in words if word.startswith("REVISION="))
    told = ["--tag", "together-mock", "--build-arg", f"VERSION={__version__}"]
    assert words == ["build", *told, "--build-arg", revision, "--format", "docker", "."]
    declared = {
        one.rest.partition("=")[0] for one in read(ROOT / "Dockerfile") if one.name == "ARG"
    }
    assert declared == {"VERSION", "REVISION"}
    if (ROOT / ".git").exists():
        assert re.fullmatch(r"REVISION=[0-9a-f]{40}(-dirty)?", revision)
