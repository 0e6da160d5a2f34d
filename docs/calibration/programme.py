"""The calibration in full: every world in rounds, counted into a folder that is gone on with.

    python docs/calibration/programme.py [FOLDER]

What is counted stands in FOLDER (this one unless named) after every twenty suites, so that it may be ended
and begun again at any time. Worlds in which a wrong judge errs most get 1000 suites, the others 300.
"""

from __future__ import annotations

import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from bnclaims.run.calibrate.calibration import calibrate
from bnclaims.training.synthetic import WORLDS

HERE = Path(__file__).parent
CLAIMS = HERE.parents[1] / "claims"
# Few of every world first, so that there is something to show of each.
ROUNDS = (20, 100, 300, 1000)
LONGEST = 300
IN_FULL = (
    "null",
    "one_sided",
    "one_sided_removed",
    "rare_collapse",
    "rarer_collapse",
    "just_below",
    "further_below",
    "placebo",
)


def main(folder: Path) -> None:
    """Runs what is still to be run, on one core."""
    with threadpool_limits(1):
        for suites in ROUNDS:
            for world in WORLDS if suites <= LONGEST else IN_FULL:
                result = calibrate(
                    world,
                    suites=suites,
                    protocol="calibration",
                    claims=CLAIMS,
                    into=folder / f"{world}.json",
                )
                wrong = result["any_wrong"]["count"]
                print(f"{world}: {wrong} of {result['suites']} suites wrong", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
