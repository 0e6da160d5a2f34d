"""Lists every verdict of every report in a folder, with two libraries that know nothing of bnclaims.

pip install rocrate jsonschema && python examples/list_verdicts.py reports docs/report.schema.json
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from jsonschema import Draft202012Validator
from rocrate.rocrate import ROCrate

folder, schema = map(Path, sys.argv[1:])
form = Draft202012Validator(json.loads(schema.read_text("utf-8")))
for place in sorted(path.parent for path in folder.glob("*/ro-crate-metadata.json")):
    crate = ROCrate(place)
    for file in crate.data_entities:
        if sha256((place / file.id).read_bytes()).hexdigest() != file["sha256"]:
            sys.exit(f"{place / file.id} is not the file that the crate names")
    form.validate(json.loads((place / "report.json").read_text("utf-8")))
    for review in crate.root_dataset["mentions"]:
        print(place.name, review["identifier"], review["reviewRating"]["ratingValue"], sep="\t")
