"""The import of torchvision where it is absent or does not fit torch."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

import pytest

from bnclaims.errors import BnclaimsError
from bnclaims.models import _torchvision


def import_raising(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> list[str]:
    """Make imports raise these errors in turn, leaving half a torchvision behind; then succeed."""
    left = list(errors)
    attempts: list[str] = []

    def half_import(name: str) -> Any:
        attempts.append(name)
        assert "torchvision.half" not in sys.modules
        if left:
            monkeypatch.setitem(sys.modules, "torchvision.half", types.ModuleType("half"))
            raise left.pop(0)
        return types.ModuleType(name)

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib, "import_module", half_import)
    return attempts


def test_an_absent_torchvision_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import_raising(monkeypatch, ImportError("No module named 'torchvision'"))
    with pytest.raises(BnclaimsError, match="install a torchvision"):
        _torchvision.torchvision_models.__wrapped__()
    assert "torchvision.half" not in sys.modules


def test_a_torchvision_that_cannot_be_repaired_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import_raising(monkeypatch, RuntimeError("operator torchvision::other does not exist"))
    with pytest.raises(BnclaimsError, match="does not fit torch"):
        _torchvision.torchvision_models.__wrapped__()
    assert "torchvision.half" not in sys.modules


def test_a_missing_operator_is_declared_and_the_import_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared: list[str] = []
    monkeypatch.setattr(
        "torch.library.define", lambda name, schema: declared.append(f"{name}{schema}")
    )
    attempts = import_raising(
        monkeypatch,
        RuntimeError("operator torchvision::nms does not exist"),
        RuntimeError("operator torchvision::qnms does not exist"),
    )
    assert _torchvision.torchvision_models.__wrapped__().__name__ == "torchvision.models"
    assert len(attempts) == 3
    assert [text.partition("(")[0] for text in declared] == [
        "torchvision::nms",
        "torchvision::qnms",
    ]


def test_an_operator_that_stays_missing_is_not_declared_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.library.define", lambda name, schema: None)
    error = RuntimeError("operator torchvision::nms does not exist")
    attempts = import_raising(monkeypatch, error, error, error)
    with pytest.raises(BnclaimsError, match="does not fit torch"):
        _torchvision.torchvision_models.__wrapped__()
    assert len(attempts) == 2
