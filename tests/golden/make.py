"""Makes the golden report of the present schema, and the list of its fields.

Run it once, when ``SCHEMA`` in ``bnclaims/report/schemas.py`` rises: ``python tests/golden/make.py``.
What was made stays as it is for ever; ``docs/lasting.md`` says why.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bnclaims.protocol.load import load_protocol
from bnclaims.report.model import Report
from bnclaims.report.schemas import SCHEMA

HERE = Path(__file__).parent
CLAIMS = ("premise", "i", "vi", "uncertainty", "alt-threshold")
# One claim file fewer than there are cells for, so that a claim is left out.
FILES = (
    "test_premise.py",
    "test_claim_1_removal.py",
    "test_claim_6_sigmoid.py",
    "test_alternatives.py",
)


def fields_of(schema: dict[str, Any]) -> Iterator[str]:
    """Every field of a report with the part that it belongs to, and whether each part must have it."""
    for name, part in {"Report": schema, **schema["$defs"]}.items():
        for field in part.get("properties", ()):
            needed = field in part.get("required", ())
            yield f"{name}.{field} {'required' if needed else 'optional'}"


def fields() -> list[str]:
    """The fields of the present schema."""
    return sorted(fields_of(Report.model_json_schema(by_alias=True)))


def protocol() -> str:
    """The protocol quick with one look at 16 seeds, and with cells for a few claims."""
    text = load_protocol("quick").text.replace('name = "quick"', 'name = "golden"', 1)
    text = re.sub(
        r"\{ seeds = \[[0-9, ]*\], weights = .*\}", "{ seeds = [16], weights = [1.0] }", text
    )
    head, *blocks = re.split(r"(?m)^(?=\[\[claims\.)", text)
    kept = (block for block in blocks if block.split(".")[1] in CLAIMS)
    return head + "".join(re.sub(r"(?m)^#.*\n?", "", block) for block in kept)


def make(folder: Path) -> None:
    """Runs the audit on a world in which the layer helps."""
    files = [f"claims/{name}" for name in FILES]
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "golden.toml").write_text(protocol(), encoding="utf-8")
        options = [
            f"--protocol={place}/golden.toml",
            f"--store={place}/store",
            f"--report={folder}",
        ]
        command = [sys.executable, "-m", "pytest", "-q", "--world=effect", *options, *files]
        subprocess.run(command, cwd=HERE.parents[1], check=False)


if __name__ == "__main__":
    target = HERE / f"schema-{SCHEMA}"
    if target.exists():
        raise SystemExit(f"{target} is there already: it stays as it is")
    make(target)
    (HERE / f"fields-{SCHEMA}.txt").write_text("\n".join(fields()) + "\n", encoding="utf-8")
