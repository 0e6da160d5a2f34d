"""A folder of photos as a factory has it: 1,508 good solar cells and a few defective ones.

    python examples/own_images/solar_cells.py FOLDER [DEFECTIVE]

Copies the cells of elpv-dataset (`pip install 'bnclaims[elpv]'`) into FOLDER/functional and
FOLDER/defective, of which it keeps 80 or as many as are named, and writes FOLDER/groups.csv, so that
the cells of one solar module stay together.
"""

from __future__ import annotations

import csv
import random
import sys
from importlib.resources import files
from pathlib import Path

from bnclaims.datasets import Sources, load


def main(folder: Path, defective: int) -> None:
    """Writes the folder."""
    cells = load("elpv", image_size=32, sources=Sources(offline=True))
    named = list(zip(cells.images, cells.class_of.tolist(), cells.groups, strict=True))
    rare = [cell for cell in named if cells.classes[cell[1]] == "defective"]
    common = [cell for cell in named if cells.classes[cell[1]] == "functional"]
    rows = []
    for name, number, module in common + random.Random(1).sample(rare, defective):
        file = Path(cells.classes[number]) / Path(name).name
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        source = files("elpv_dataset") / "data" / "images" / file.name
        (folder / file).write_bytes(source.read_bytes())
        rows.append((file.as_posix(), module))
    with (folder / "groups.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([("file", "group"), *rows])
    print(f"{folder}: {len(common)} functional and {defective} defective cells")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 80)
