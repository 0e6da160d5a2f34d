"""Cells: a protocol's words become settings, each once, or a reason why not."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bnclaims.errors import BnclaimsError
from bnclaims.protocol.cells import Cell, Selection, cells_of, weights_asked
from bnclaims.protocol.load import Protocol, load_protocol, parse_protocol
from bnclaims.protocol.names import FINAL_BN, PLAIN
from bnclaims.run.inventory import selection_here
from bnclaims.run.request import Request
from fixtures.weights import WITHOUT_RULE, pretrained

QUICK = load_protocol("quick")
SIGMOID = "sigmoid, both readings"
DIGITS = selection_here("digits")
HERE = dataclasses.replace(DIGITS, weights={"resnet34": "0123456789ab", "vgg19": None})


def cell(
    claim: str, name: str, selection: Selection = DIGITS, *, protocol: Protocol = QUICK
) -> Cell:
    (found,) = [cell for cell in cells_of(protocol, claim, selection) if cell.name == name]
    return found


def edited(old: str, new: str) -> Protocol:
    assert old in QUICK.text
    return parse_protocol(QUICK.text.replace(old, new, 1), source="copy.toml")


def folder(majority: tuple[str, ...], minority: tuple[str, ...]) -> Selection:
    return Selection(
        dataset="folder:birds",
        majority=majority,
        minority=minority,
        fingerprints={name: name for name in ("folder:birds", "digits", "mnist-5k")},
    )


def keys(found: Cell) -> Mapping[str, str]:
    """Key of the first seed's plain trial, by setting."""
    trials = found.trials([PLAIN], [0])
    return {name: t.key for name, t in zip(found.settings, trials, strict=True)}


def test_every_claim_of_quick_has_cells_that_can_run_on_digits() -> None:
    for claim in QUICK.file.claims:
        cells = cells_of(QUICK, claim, DIGITS)
        assert [c.name for c in cells] == [c.name for c in QUICK.file.cells_of(claim)]
        idle = [c.name for c in cells if c.unavailable]
        assert idle == (["digits, simple_cnn"] if claim == "iv" else [])
        assert all((c.settings or c.unavailable) and c.claim == claim for c in cells)


def test_a_setting_has_the_defaults_and_what_the_cell_overrides() -> None:
    default = cell("premise", "simple_cnn").settings["main"]
    assert default.label == "digits 1000:10, simple_cnn, softmax, batch 64, 10 epochs"
    assert cell("iv", "mlp").settings["main"] == dataclasses.replace(default, architecture="mlp")
    heads = cell("vi", SIGMOID).settings
    assert list(heads) == ["softmax", "sigmoid", "sigmoid_k"]
    assert heads["softmax"] == default
    for head in ("sigmoid", "sigmoid_k"):
        assert heads[head] == dataclasses.replace(default, head=head)


def test_a_row_of_doses_changes_nothing_else() -> None:
    sizes = cell("iii", "fixed epochs")
    assert list(sizes.doses.values()) == [16, 64, 256]
    first = next(iter(sizes.settings.values()))
    for name, setting in sizes.settings.items():
        assert setting == dataclasses.replace(first, batch_size=sizes.doses[name])


@pytest.mark.parametrize(
    ("key", "values"), [("epochs", [5, 10, 40]), ("learning_rate", [0.0003, 0.001, 0.003])]
)
def test_epochs_and_learning_rates_are_rows_of_doses_too(key: str, values: list[float]) -> None:
    row = f'key = "{key}", values = {values}'
    varied = edited('key = "batch_size", values = [16, 64, 256]', row)
    found = cell("iii", "fixed epochs", protocol=varied)
    assert list(found.doses.values()) == values
    default = cell("premise", "simple_cnn").settings["main"]
    for name, setting in found.settings.items():
        assert name == f"{key}={found.doses[name]}"
        assert setting == dataclasses.replace(default, **{key: found.doses[name]})
    assert default in found.settings.values()


def ratios_with(majority_images: int) -> Cell:
    counts = "majority_images = {}\nminority_images = {}"
    protocol = edited(counts.format(600, 60), counts.format(majority_images, 2))
    return cell("ii", "fixed epochs", protocol=protocol)


def test_ratios_above_balance_are_dropped() -> None:
    for majority, doses in {61: [2, 6, 20, 61], 60: [2, 6, 20]}.items():
        row = ratios_with(majority)
        assert list(row.doses.values()) == doses
        assert row.settings.keys() == row.doses.keys()
    assert len(cell("ii", "fixed epochs").doses) == 4


def test_a_row_of_ratios_that_balance_cuts_to_two_is_no_row() -> None:
    row = ratios_with(19)
    assert row.unavailable == "fewer than three values of minority_images up to balance"
    assert not row.settings and not row.doses


def counted(dataset: str) -> dict[str, str | None]:
    """What the cells of (iv) that can be run count as, by name."""
    here = Selection(dataset=dataset, fingerprints=dict.fromkeys(QUICK.file.datasets, "f"))
    found = cells_of(QUICK, "iv", here)
    return {cell.name: cell.counts_as for cell in found if cell.unavailable is None}


def test_replication_leaves_out_the_premise_s_own_setting() -> None:
    own = cell("iv", "digits, simple_cnn")
    assert own.unavailable == "this is the premise's own setting here, no replication"
    assert cell("iv", "digits, simple_cnn", selection_here("mnist-5k")).unavailable is None


def test_another_dataset_and_a_simpler_network_count_and_drawn_images_do_not() -> None:
    assert counted("digits") == {"mlp": "network", "mnist-5k, simple_cnn": "dataset"}
    assert counted("mnist-5k") == {"mlp": "network", "digits, simple_cnn": "dataset"}
    elsewhere = {"mnist-5k, simple_cnn": "dataset", "digits, simple_cnn": "dataset"}
    assert counted("plantvillage-apple") == {"mlp": "network"} | elsewhere
    assert counted("leaves") == {"mlp": None} | elsewhere


def test_a_dataset_counts_as_another_one_once_and_never_where_it_is_the_selected_one() -> None:
    mlp = 'name = "mlp"\narchitecture = "mlp"\ncounts_as = "network"\n'
    for dataset, expected in (("mnist-5k", ["dataset", None]), ("digits", [None, "dataset"])):
        again = (
            f'name = "mlp"\narchitecture = "mlp"\ncounts_as = "dataset"\ndataset = "{dataset}"\n'
        )
        found = cells_of(edited(mlp, again), "iv", selection_here("digits"))
        assert [c.counts_as for c in found if c.unavailable is None] == expected


def test_a_premise_that_cannot_run_excludes_no_replication() -> None:
    start = '[[claims.premise.cells]]\nname = "simple_cnn"\n'
    without = edited(start, f'{start}not_on = ["digits"]\n')
    assert cell("premise", "simple_cnn", protocol=without).unavailable is not None
    assert cell("iv", "mlp", protocol=without).unavailable is None


def test_fixed_steps_that_are_whole_epochs_share_the_trials_of_these_epochs() -> None:
    epochs, steps = cell("iii", "fixed epochs"), cell("iii", "fixed steps")
    assert steps.settings["batch_size=64"].epochs == 10
    assert keys(steps)["batch_size=64"] == keys(epochs)["batch_size=64"]
    shared = set(keys(steps).values()) & set(keys(epochs).values())
    assert len(shared) == 1


def test_fixed_steps_that_are_no_whole_epochs_stay_steps() -> None:
    # 1010 images: 16 steps an epoch at batch 64, so 161 steps end within one.
    steps = cell(
        "iii",
        "fixed steps",
        protocol=edited(
            "steps = 160\nmax_seeds = 16\nnot_on", "steps = 161\nmax_seeds = 16\nnot_on"
        ),
    )
    middle = steps.settings["batch_size=64"]
    assert (middle.epochs, middle.steps) == (None, 161)


def test_a_cell_is_left_out_on_the_datasets_it_names() -> None:
    apples = Selection(
        dataset="plantvillage-apple",
        fingerprints=dict.fromkeys(("plantvillage-apple", "mnist-5k", "digits"), "f"),
    )
    left_out = cell("iii", "fixed steps", apples)
    assert left_out.unavailable == "left out on plantvillage-apple by protocol quick"
    assert left_out.trials([PLAIN], range(8)) == []
    assert cell("iii", "fixed epochs", apples).max_seeds == 32
    assert cell("ii", "fixed epochs", apples).max_seeds == 16


def test_a_task_that_a_dataset_does_not_have_is_a_reason_and_not_an_error() -> None:
    pepper = Selection(
        dataset="plantvillage-pepper", fingerprints={"plantvillage-pepper": "f", "mnist-5k": "f"}
    )
    assert cell("v", "triple", pepper).unavailable == (
        "protocol quick has no task 'b_is_minority' for plantvillage-pepper"
    )


def test_own_images_get_their_roles_from_the_options() -> None:
    selection = folder(("hawk", "dove"), ("owl", "wren"))
    binary = cell("premise", "simple_cnn", selection).settings["main"].task
    assert (binary.majority, binary.minority) == ((("hawk",),), (("owl", "wren"),))
    three = cell("v", "triple", selection).settings
    one, two = three["b_is_minority"].task, three["b_is_majority"].task
    assert (one.majority, one.minority) == ((("hawk",),), (("owl",), ("wren",)))
    assert (two.majority, two.minority) == ((("hawk",), ("owl",)), (("wren",),))


@pytest.mark.parametrize(
    ("majority", "minority", "reason"),
    [
        (("hawk", "dove"), ("owl",), "needs two classes named by --minority"),
        (("hawk",), ("owl",), "needs two classes named by --minority"),
    ],
)
def test_own_images_with_too_few_classes_for_a_task_are_a_reason(
    majority: tuple[str, ...], minority: tuple[str, ...], reason: str
) -> None:
    three = cell("v", "triple", folder(majority, minority))
    assert three.unavailable == reason
    assert not three.settings
    assert cell("premise", "simple_cnn", folder(majority, minority)).unavailable is None


def test_a_dataset_the_protocol_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(BnclaimsError) as caught:
        cells_of(QUICK, "premise", selection_here("dogs"))
    message = str(caught.value)
    assert message.startswith("--dataset dogs: protocol quick has no section for it; use one of ")
    assert "digits" in message and "[datasets.dogs]" in message and message.count(". ") == 0


def test_a_claim_the_protocol_does_not_know_is_refused() -> None:
    with pytest.raises(BnclaimsError, match=r"no section claims\.vii; add its cells or deselect"):
        cells_of(QUICK, "vii", DIGITS)


def test_a_named_dataset_without_classes_in_the_protocol_is_refused() -> None:
    nameless = edited(
        '[datasets.leaves.tasks.binary]\nmajority = [["healthy"]]\n',
        "[datasets.leaves.tasks.binary]\n",
    )
    with pytest.raises(BnclaimsError, match=r"datasets\.leaves\.tasks\.binary names no majority"):
        cells_of(nameless, "premise", selection_here("leaves"))


def test_trials_come_seed_by_seed_then_setting_by_setting_then_arm_by_arm() -> None:
    heads = cell("vi", SIGMOID)
    trials = heads.trials([PLAIN, FINAL_BN], [5, 7])
    order = [(t.seed, t.setting.head, t.arm) for t in trials]
    assert order == [
        (seed, head, arm)
        for seed in (5, 7)
        for head in ("softmax", "sigmoid", "sigmoid_k")
        for arm in (PLAIN, FINAL_BN)
    ]


def test_the_device_is_in_every_key() -> None:
    for claim in QUICK.file.claims:
        on_cpu = cells_of(QUICK, claim, DIGITS)
        on_gpu = cells_of(QUICK, claim, dataclasses.replace(DIGITS, device="cuda"))
        for cpu, gpu in zip(on_cpu, on_gpu, strict=True):
            assert not set(keys(cpu).values()) & set(keys(gpu).values())


def test_own_images_have_the_same_keys_wherever_they_lie(tmp_path: Path) -> None:
    for place in ("here", "there"):
        for number, name in enumerate(("hawk", "owl")):
            images = tmp_path / place / "birds" / name
            images.mkdir(parents=True)
            pixels = np.full((8, 8, 3), 50 * number, dtype=np.uint8)
            Image.fromarray(pixels).save(images / "1.png")

    def key(place: str) -> str:
        path = tmp_path / place / "birds"
        request = Request(dataset=f"folder:{path}", majority=("hawk",), minority=("owl",))
        selection = request.selection(QUICK.file.default_dataset)
        return keys(cell("premise", "simple_cnn", selection))["main"]

    assert key("here") == key("there")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "there" / "birds" / "owl" / "1.png")
    assert key("here") != key("there")


def test_changed_images_are_other_trials() -> None:
    first, second = (
        dataclasses.replace(DIGITS, fingerprints={"digits": content}) for content in ("a", "b")
    )
    cells = [cell("premise", "simple_cnn", selection) for selection in (first, second)]
    assert keys(cells[0]) != keys(cells[1])


# --- ImageNet weights -----------------------------------------------------------------------------


def test_a_cell_asks_for_weights_and_a_classifier() -> None:
    cells = 'architecture = "resnet34"\nregime = "fine_tuned"\nclassifier = "fastai"'
    setting = cell("premise", "simple_cnn", HERE, protocol=pretrained(cells)).settings["main"]
    assert (setting.regime, setting.classifier) == ("fine_tuned", "fastai")
    assert setting.label.startswith("digits 1000:10, resnet34 fine-tuned with fastai classifier")


def test_the_defaults_of_the_training_hold_where_a_cell_says_nothing() -> None:
    rules = {"regime": "frozen", "classifier": "fastai"}
    training = "".join(
        f'[training.{name}]\nvalue = "{value}"\nreason = "As in fastai."\n'
        for name, value in rules.items()
    )
    protocol = pretrained('architecture = "resnet34"', rule=WITHOUT_RULE + training)
    setting = cell("premise", "simple_cnn", HERE, protocol=protocol).settings["main"]
    assert (setting.regime, setting.classifier) == ("frozen", "fastai")
    with pytest.raises(BnclaimsError, match=r"regime 'frozen' .* simple_cnn does not have"):
        cell("i", "simple_cnn", HERE, protocol=protocol)


def test_without_weights_a_cell_is_trained_from_scratch_under_that_key() -> None:
    protocol = pretrained('architecture = "vgg19"\nregime = "frozen"')
    found = cell("premise", "simple_cnn", HERE, protocol=protocol)
    plain = pretrained('architecture = "vgg19"')
    assert keys(found) == keys(cell("premise", "simple_cnn", HERE, protocol=plain))
    assert "vgg19 from scratch" in found.label
    assert weights_asked(protocol, ["premise"], HERE) == ("vgg19",)
    assert weights_asked(protocol, ["i"], HERE) == weights_asked(plain, ["premise"], HERE) == ()


def test_without_weights_a_cell_is_left_out_where_the_protocol_says_so() -> None:
    rule = WITHOUT_RULE.replace('"scratch"', '"leave_out"')
    protocol = pretrained('architecture = "vgg19"\nregime = "frozen"', rule=rule)
    found = cell("premise", "simple_cnn", HERE, protocol=protocol)
    assert found.unavailable == "no ImageNet weights of vgg19 were to be had"


@pytest.mark.parametrize("architecture", ["resnet34", "vgg19"])
def test_settings_that_fall_together_without_weights_are_not_compared(architecture: str) -> None:
    cells = (
        f'architecture = "{architecture}"\n'
        'settings = { scratch = {}, fine_tuned = { regime = "fine_tuned" } }'
    )
    found = cell("premise", "simple_cnn", HERE, protocol=pretrained(cells))
    if architecture == "resnet34":
        assert len(set(found.settings.values())) == 2
    else:
        assert found.unavailable == "without ImageNet weights of vgg19 its settings are the same"


def test_a_protocol_that_asks_for_weights_says_what_holds_without() -> None:
    with pytest.raises(BnclaimsError, match=r"regime 'frozen' .* say in training.without_weights"):
        pretrained('architecture = "vgg19"\nregime = "frozen"', rule="")
    pretrained('architecture = "vgg19"\nregime = "scratch"', rule="")


def test_planning_on_this_machine_looks_for_the_files_and_imports_no_torch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("BNCLAIMS_WEIGHTS", str(tmp_path))
    protocol = tmp_path / "own.toml"
    protocol.write_text(pretrained('architecture = "resnet34"\nregime = "frozen"').text)
    code = (
        "import sys; from bnclaims.protocol.cells import *\n"
        "from bnclaims.protocol.load import load_protocol\n"
        "from bnclaims.run.inventory import selection_here\n"
        f"cell = cells_of(load_protocol({str(protocol)!r}), 'premise', selection_here('digits'))[0]\n"
        "print(cell.label); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "resnet34 from scratch" in done.stdout
