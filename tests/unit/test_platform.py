"""What the platform publishes: its models, their configs, hardware by the hour."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from together_mock.core import billing, platform
from together_mock.core.clock import MINUTE
from together_mock.core.platform import Gpu, parse_resource
from together_mock.resources import directory
from together_mock.services.catalog import Catalog
from unit.rows import MODEL

CATALOG = Catalog()
PLATFORM = CATALOG.platform
FIXTURES = directory("fixtures")
DEDICATED = [model for model in CATALOG.models.values() if model.dedicated]
TEXTS = {"chat", "language", "code", "moderation", "embedding", "rerank"}
MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
LLAMA = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
GRADES = {"confirmed", "documented", "reported", "inferred"}


def published(model):
    """The instance types that a model is published on."""
    return [config.instance_type for config in PLATFORM.configs_of(model)]


def read(name):
    return json.loads((FIXTURES / name).read_text("utf-8"))


def test_ids_are_the_same_on_every_server_and_told_apart():
    """Another catalogue of the same files gives the same ids; none stands for two things."""
    again = Catalog().platform
    assert [vars(item) for item in again.supported] == [vars(item) for item in PLATFORM.supported]
    assert again.configs == PLATFORM.configs
    assert again.instance_types == PLATFORM.instance_types
    ids = [PLATFORM.project_id, PLATFORM.organization_id, *PLATFORM.models, *PLATFORM.configs]
    ids += [item.id for item in PLATFORM.instance_types.values()]
    ids += [name for item in PLATFORM.supported for name in (item.revision, item.architecture)]
    assert len(ids) == len(set(ids))
    prefixes = {"proj", "org", "ml", "rv", "arch", "cr", "it"}
    assert {name.partition("_")[0] for name in ids} == prefixes
    assert all(re.fullmatch(r"[a-z]+_[1-9A-HJ-NP-Za-km-z]{22}", name) for name in ids)


def test_every_model_of_the_catalogue_is_the_platforms():
    """In the order of the catalogue, found by id and by name."""
    assert [item.model.id for item in PLATFORM.supported] == list(CATALOG.models)
    for item in PLATFORM.supported:
        assert PLATFORM.models[item.id] is PLATFORM.model_named(item.model.id) is item


def test_every_hardware_is_an_instance_type():
    """By a name of its own, also where only the link of the GPUs differs."""
    names = [PLATFORM.instance_type_of(hardware).name for hardware in CATALOG.hardware]
    assert names == list(PLATFORM.instance_types)
    assert len(names) == len(set(names))
    by_hardware = dict(zip(CATALOG.hardware, names, strict=True))
    assert by_hardware["2x_nvidia_h100_80gb_sxm"] == "2xnvidia-h100-80gb"
    assert by_hardware["8x_nvidia_h200_140gb_sxm"] == "8xnvidia-h200-141gb"
    assert by_hardware["1x_nvidia_a100_80gb_sxm"] == "1xnvidia-a100-80gb"
    assert by_hardware["1x_nvidia_a100_80gb_pcie"] == "1xnvidia-a100-80gb-pcie"
    assert by_hardware["1x_nvidia_l40_48gb_pcie"] == "1xnvidia-l40-48gb"
    for name, item in PLATFORM.instance_types.items():
        assert name == f"{item.gpu_count}x{item.accelerator}"


@pytest.mark.parametrize(
    ("name", "cents"),
    [
        ("1xnvidia-h100-80gb", 549),
        ("8xnvidia-h100-80gb", 4392),
        ("1xnvidia-h200-141gb", 665),
        ("8xnvidia-b200-180gb", 7192),
        ("1xnvidia-gb300-280gb", 1500),
        ("1xnvidia-b300-280gb", 1500),
        # 2.71, 5.42 and 2.48 cents a minute.
        ("1xnvidia-a100-80gb", 163),
        ("2xnvidia-a100-80gb", 325),
        ("1xnvidia-l40-48gb", 149),
    ],
)
def test_prices_by_the_hour(name, cents):
    """The table's price for each GPU; elsewhere v1's, rounded to the cent."""
    assert PLATFORM.instance_types[name].cents_per_hour == cents


def test_what_is_offered_is_hopper_and_blackwell():
    """What is no longer offered keeps its name."""
    offered = {item.gpu_name for item in PLATFORM.instance_types.values() if item.listed}
    assert offered == {f"NVIDIA-{gpu}" for gpu in ("H100", "H200", "B200", "B300", "GB300")}


def test_hardware_of_somebodys_own_is_named_by_its_kind():
    """A GPU that no table names has v1's price and the name that its kind makes."""
    own = replace(CATALOG.hardware["1x_nvidia_h100_80gb_sxm"], gpu_type="x1-24gb", gpu_memory=24)
    (made,) = platform.instance_types([own], {})
    assert (made.name, made.gpu_name, made.gpu_memory_gib) == ("1xnvidia-x1-24gb", "NVIDIA-X1", 24)
    assert made.cents_per_hour == 540


def test_twins_are_told_apart_by_their_link():
    """The first has the plain name; what not even that tells apart, its id."""
    sxm = CATALOG.hardware["1x_nvidia_h100_80gb_sxm"]
    gpu = Gpu("h100-80gb", "H100", "nvidia-h100-80gb", 80, 549, listed=True)
    pcie = replace(sxm, id="twin", gpu_link="pcie")
    twins = [sxm, pcie, replace(pcie, id="triplet")]
    names = [item.name for item in platform.instance_types(twins, {"h100-80gb": gpu})]
    assert names == ["1xnvidia-h100-80gb", "1xnvidia-h100-80gb-pcie", "1xtriplet"]


def test_every_dedicated_model_of_a_text_type_is_published():
    """At least one config each; of images, sound and speech none."""
    for model in DEDICATED:
        assert bool(published(model.id)) is (model.type in TEXTS), model.id
    assert {config.model for config in PLATFORM.published} <= {model.id for model in DEDICATED}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Qwen/QwQ-32B", ["1xnvidia-h100-80gb"]),
        ("meta-llama/Meta-Llama-3-70B-Instruct-Turbo", ["2xnvidia-h100-80gb"]),
        ("deepseek-ai/DeepSeek-V3", ["8xnvidia-h200-141gb"]),
        ("moonshotai/Kimi-K2-Instruct-0905", ["8xnvidia-b200-180gb"]),
        ("moonshotai/Kimi-K2.5", ["8xnvidia-h200-141gb"]),
        ("Salesforce/Llama-Rank-V1", ["1xnvidia-h100-80gb"]),
        (MIXTRAL, [f"{count}xnvidia-h100-80gb" for count in (2, 4, 8)]),
        ("google/gemma-3-27b-it", [f"{count}xnvidia-h100-80gb" for count in (1, 2, 4)]),
        (LLAMA, ["2xnvidia-h100-80gb", "4xnvidia-h100-80gb"]),
        ("deepseek-ai/DeepSeek-R1", ["8xnvidia-h200-141gb", "8xnvidia-b200-180gb"]),
        ("black-forest-labs/FLUX.1-kontext-pro", []),
        ("no/model", []),
    ],
)
def test_a_model_is_published_on_the_least_hardware_that_it_fits_on(model, expected):
    """H100 before H200 before B200, the fewest GPUs; or what its exception says."""
    assert published(model) == expected


def test_one_config_is_the_rule():
    """Only the exceptions have several, so that a name alone can be deployed."""
    several = {model.id for model in DEDICATED if len(published(model.id)) > 1}
    assert several == {row["model"] for row in read("configs.json")["models"]}


def test_configs_say_how_a_model_runs():
    """Weights as they are, split over all GPUs, balanced unless said otherwise."""
    two, four = PLATFORM.configs_of(LLAMA)
    assert (two.optimization, two.quantization, two.parallelism) == ("balanced", "FP8", "TP2")
    assert (four.optimization, four.parallelism, four.adapter_mode) == (
        "latency",
        "TP4",
        "disabled",
    )
    formats = {
        "Qwen/Qwen3-1.7B": "BF16",
        "deepseek-ai/DeepSeek-V3": "FP8",
        "openai/gpt-oss-120b": "FP4",
    }
    for model, quantization in formats.items():
        (only,) = PLATFORM.configs_of(model)
        assert only.quantization == quantization
        assert only.adapter_mode == "dynamic"


@pytest.mark.parametrize("model", DEDICATED, ids=[model.id for model in DEDICATED])
def test_whatever_can_be_placed_has_a_config(model):
    """Every eligible hardware, and each config runs on the hardware that it was asked for."""
    made = {
        hardware.id: PLATFORM.config_for(model.id, hardware.id)
        for hardware in CATALOG.eligible(model)
    }
    for hardware, config in made.items():
        assert PLATFORM.configs[config.id] is config
        assert config.model == model.id
        assert PLATFORM.instance_types[config.instance_type].hardware == hardware
        assert PLATFORM.hardware_of(config).id == hardware
    listed = [config.id for config in PLATFORM.configs_of(model.id)]
    assert set(listed) <= {config.id for config in made.values()}
    assert sum(config.model == model.id for config in PLATFORM.configs.values()) == len(made)


def test_what_a_lenient_server_lets_in_has_a_config_too():
    """Made up, unpublished, and the same each time."""
    for model in ("no/model", "moonshotai/Kimi-K2.5", "openai/whisper-large-v3"):
        made = PLATFORM.config_for(model, "1x_nvidia_rtx_6000_ada")
        assert made == PLATFORM.config_for(model, "1x_nvidia_rtx_6000_ada")
        assert made.instance_type == "1xnvidia-rtx-6000-ada-48gb"
        assert not made.published
        assert made.id not in PLATFORM.configs
        assert PLATFORM.model_named(model).id == PLATFORM.model_named(model).id
        assert PLATFORM.model_named(model).model.id == model


def test_benchmarks_are_what_streams_are_paced_by():
    """The pace of a prompt of a thousand tokens with a replica to itself."""
    config = PLATFORM.configs_of(LLAMA)[0]
    hardware = CATALOG.hardware["2x_nvidia_h100_80gb_sxm"]
    pace = CATALOG.physics.pace(CATALOG.models[LLAMA], hardware, 1000, speculative=True)
    told = PLATFORM.benchmark(config)
    assert told.tokens_per_second == pytest.approx(1 / pace.each, abs=0.05)
    assert told.first_token_ms == pytest.approx(pace.first * 1000, abs=0.5)
    assert all(PLATFORM.benchmark(item) for item in PLATFORM.published)


def test_what_nobody_knows_the_speed_of_has_no_benchmark():
    """A GPU without figures, or a model without a size."""
    hardware = CATALOG.hardware["1x_nvidia_h100_80gb_sxm"]
    assert platform.benchmark(CATALOG.physics, MODEL, hardware)
    own = replace(hardware, gpu_type="x1-24gb")
    assert platform.benchmark(CATALOG.physics, MODEL, own) is None
    assert platform.benchmark(CATALOG.physics, platform.stranger("no/model"), hardware) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("projects/p/models/m", ("p", "models", "m", None)),
        ("projects/p/models/m/revisions/r", ("p", "models", "m", "r")),
        ("projects/p/configs/c", ("p", "configs", "c", None)),
        ("projects/p/models", None),
        ("projects//models/m", None),
        ("projects/p/endpoints/e", None),
        ("/projects/p/models/m", None),
        ("projects/p/models/m/", None),
        ("projects/p/models/m\n", None),
        ("", None),
    ],
)
def test_resource_names(text, expected):
    """Project, kind, id and perhaps a revision."""
    assert parse_resource(text) == expected


@pytest.mark.parametrize("name", ["instance_types.json", "configs.json"])
def test_what_is_published_has_grade_and_source(name):
    """The rows, and what stands beside them, say how well they are known."""
    file = read(name)
    (rows,) = [
        part for part in file.values() if isinstance(part, list) and part[0].__class__ is dict
    ]
    assert rows
    assert all(row["grade"] in GRADES and row["source"] for row in rows)
    assert file["rule"]


@pytest.mark.parametrize("name", [*CATALOG.hardware, *PLATFORM.instance_types])
def test_prices_are_exact_by_the_minute_and_by_the_hour(name):
    """Sixty minutes cost the price of the hour, to the last unit."""
    instance = PLATFORM.instance_types.get(name)
    if instance is None:
        expected = Fraction(CATALOG.hardware[name].cents_per_minute)
    else:
        expected = Fraction(instance.cents_per_hour, 60)
    price = CATALOG.price_of(name)
    assert Fraction(price * 60 * MINUTE, billing.UNITS_PER_CENT) == expected * 60
    assert CATALOG.cents_per_minute(name) == pytest.approx(Decimal(price) / 60_000)


@pytest.mark.parametrize(
    ("sku", "shown"),
    [
        ("1xnvidia-h100-80gb", "9.15"),
        ("1x_nvidia_h100_80gb_sxm", "9"),
        ("2x_nvidia_a100_80gb_sxm", "5.42"),
        ("1xnvidia-h200-141gb", "11.083333"),
    ],
)
def test_prices_are_shown_by_the_minute(sku, shown):
    """To the millionth of a cent, as the bill has them."""
    assert billing.plain(CATALOG.cents_per_minute(sku)) == shown
    assert billing.cents(CATALOG.price_of(sku)) == shown


def test_the_bill_calls_hardware_by_what_chose_it():
    """v1 its id, a config the instance type."""
    assert CATALOG.sku("1x_nvidia_h100_80gb_sxm", "") == "1x_nvidia_h100_80gb_sxm"
    assert CATALOG.sku("1x_nvidia_h100_80gb_sxm", "cr_1") == "1xnvidia-h100-80gb"


@pytest.mark.parametrize("units", [0, 1, -1, 7, 3_599_999_999_999, 10**25 + 1, -(10**25) - 1])
def test_money_reads_back_as_it_was_written(units):
    """No unit is lost on the way through text."""
    assert billing.units(billing.exact_dollars(units)) == units
