"""What a model's name, source and description say of it."""

import pytest
from together_mock.core import sources
from together_mock.core.sources import Vocabulary

WORDS = Vocabulary(
    types=(("embed", "embedding"), ("bge", "embedding")),
    supported=("chat", "embedding"),
    unsupported=("diffusion", "tts", "flux"),
    usual_type="chat",
    usual_billions=7,
)


@pytest.mark.parametrize(
    ("text", "billions"),
    [
        ("meta-llama/Llama-3-70b-chat-hf", 70),
        ("Qwen2.5-72B-Instruct", 72),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 56),
        ("Qwen/Qwen2.5-0.5B", 0.5),
        ("llama_3.1_8b", 8),
        ("BAAI/bge-335M", 0.335),
        ("A model of 13 B parameters, 7b of them active", 7),
        ("https://host.example/models/my-3b.tar.gz", 3),
        ("org/model-v2b2", None),
        ("4bit quantized", None),
        ("org/0b", None),
        ("org/model", None),
        ("", None),
    ],
)
def test_a_size_is_read_from_a_text(text, billions):
    """The first number of billions or millions, experts multiplied; nothing like it is None."""
    assert sources.billions([text]) == billions


def test_the_first_text_that_says_a_size_counts():
    """A description goes before the source, and that before the name."""
    assert sources.billions(["", "org/13b", "my-70b"]) == 13


@pytest.mark.parametrize(
    ("source", "repository"),
    [
        ("org/repo", "org/repo"),
        ("https://huggingface.co/org/repo", "org/repo"),
        ("https://www.huggingface.co/org/repo/tree/main?x=1", "org/repo"),
        ("https://huggingface.co/org", None),
        ("https://host.example/org/repo", None),
        ("s3://bucket/key", None),
    ],
)
def test_a_repository_is_found_in_its_url(source, repository):
    """By id or by URL; archives have none."""
    assert sources.repository_of(source) == repository


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("https://a/b.zip?X-Amz-Signature=s&X-Amz-Credential=c", "https://a/b.zip"),
        ("https://a/b.zip#part", "https://a/b.zip"),
        ("https://user:secret@a/b.zip", "https://a/b.zip"),
        ("https://hf_secret@huggingface.co/org/repo", "https://huggingface.co/org/repo"),
        ("org/repo", "org/repo"),
    ],
)
def test_what_signs_a_url_is_taken_off(source, kept):
    """What is left lets nobody in."""
    assert sources.without_secrets(source) == kept


def test_buckets_are_sources_only_where_that_is_asked_for():
    """v1 takes s3 URLs, v2 does not."""
    assert sources.is_source("s3://bucket/key.zip", bucket=True)
    assert not sources.is_source("s3://bucket/key.zip")
    assert not sources.is_source("s3://bucket", bucket=True)


@pytest.mark.parametrize(
    ("texts", "kind", "word"),
    [
        (["org/my-embedder"], "embedding", None),
        (["org/x", "BGE-large"], "embedding", None),
        (["org/cabge"], "chat", None),
        (["org/stable-diffusion-3"], "chat", "diffusion"),
        (["org/watts"], "chat", None),
        (["fluxion-7b"], "chat", None),
        (["FLUX.1-dev"], "chat", "flux"),
        (["bgem3"], "chat", None),
    ],
)
def test_words_tell_the_type(texts, kind, word):
    """At the beginning of a word, and short ones whole, whatever the case."""
    assert sources.type_of(WORDS, texts) == kind
    assert sources.unsupported_word(WORDS, texts) == word
