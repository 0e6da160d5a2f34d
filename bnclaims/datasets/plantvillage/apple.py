"""PlantVillage apple: healthy leaves and three diseases."""

from bnclaims.datasets.plantvillage.plantvillage import plantvillage

COUNTS = {"healthy": 1645, "Apple_scab": 630, "Black_rot": 621, "Cedar_apple_rust": 275}

DATASET = plantvillage(
    "apple",
    prefix="Apple",
    title="photos of apple leaves (PlantVillage)",
    source=(
        "made from github.com/ai-agriculture-circuits-and-systems/plant_Village_Apple at "
        "2b683035, resized to 128 px"
    ),
    complete=COUNTS,
    # One file of black rot is empty where the pack was made from.
    pack={**COUNTS, "Black_rot": 620},
    leaves=505,
)
