"""What the 2024 API publishes: which models run where, and how they are talked to."""

import json
import re
from dataclasses import replace

import pytest
from together_mock.services.catalog import Catalog
from together_mock.services.legacy.catalog import model_id
from unit.rows import MODEL

CATALOG = Catalog()
LEGACY = CATALOG.legacy
HARDWARE = CATALOG.hardware
TEXT = {"chat", "language", "code", "moderation", "embedding", "rerank"}


def test_ten_per_cent_have_to_be_spare():
    """The documentation's own example fits just so; a little more does not."""
    model = CATALOG.models["meta-llama/Llama-3-70b-chat-hf"]
    pair = HARDWARE["2x_nvidia_a100_80gb_sxm"]
    assert pair in LEGACY.eligible(model)
    assert pair not in CATALOG.eligible(model)
    assert pair not in LEGACY.eligible(replace(model, parameters_billion=72.8))


def test_what_v1_deploys_can_be_deployed_on_all_of_its_hardware():
    """Nothing that v1 takes is refused, as long as it is about text."""
    for model in CATALOG.models.values():
        if model.type in TEXT:
            assert set(CATALOG.eligible(model)) <= set(LEGACY.eligible(model)), model.id


@pytest.mark.parametrize("kind", ["image", "audio", "transcribe", "video"])
def test_other_models_run_nowhere(kind):
    """The 2024 API was about text."""
    assert LEGACY.eligible(replace(MODEL, type=kind)) == []


def test_what_fits_nowhere_is_not_published():
    """A model is listed where some hardware has room for it."""
    assert LEGACY.eligible(replace(MODEL, parameters_billion=10_000)) == []
    assert all(LEGACY.eligible(model) for model in LEGACY.deployable)


def test_ids_lead_to_names():
    """By id or by name, known or not."""
    for name in CATALOG.models:
        assert re.fullmatch(r"model-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", model_id(name))
        assert LEGACY.name_of(model_id(name)) == LEGACY.name_of(name) == name
    assert LEGACY.name_of("model-of-nobody") == "model-of-nobody"


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("meta-llama/Llama-3-70b-chat-hf", "<|eot_id|>"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "<|eot_id|>"),
        ("deepcogito/cogito-v2-preview-llama-405B", "<|eot_id|>"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "<|eot|>"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "</s>"),
        ("google/gemma-3-27b-it", "<end_of_turn>"),
        ("scb10x/scb10x-typhoon-2-1-gemma3-12b", "<end_of_turn>"),
        ("deepseek-ai/DeepSeek-R1", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
        ("openai/gpt-oss-120b", "<|return|>"),
        ("moonshotai/Kimi-K2-Instruct", "<|im_end|>"),
        ("Qwen/Qwen2.5-72B-Instruct", "<|im_end|>"),
        ("Gryphe/MythoMax-L2-13b", "</s>"),
    ],
)
def test_a_model_is_talked_to_as_its_family_is(name, end):
    """What ends an answer, by family; the template has the prompt that begins one."""
    config = LEGACY.chat_config(CATALOG.models[name])
    assert config.stop[0] == end
    assert "messages" in config.chat_template


def test_what_does_not_chat_is_not_talked_to():
    """A configuration is for chats alone."""
    assert LEGACY.chat_config(replace(MODEL, type="language")) is None


def test_a_catalogue_of_ones_own_may_have_one_rule(tmp_path):
    """An eligibility file without a rule for 2024 has the one it has for everything."""
    rule = CATALOG.read("eligibility.json")
    del rule["legacy"]
    (tmp_path / "eligibility.json").write_text(json.dumps(rule))
    own = Catalog(str(tmp_path))
    model = own.models["meta-llama/Llama-3-70b-chat-hf"]
    assert HARDWARE["2x_nvidia_a100_80gb_sxm"] not in own.legacy.eligible(model)
