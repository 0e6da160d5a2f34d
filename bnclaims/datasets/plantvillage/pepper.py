"""PlantVillage bell pepper: healthy leaves and bacterial spot."""

from bnclaims.datasets.plantvillage.plantvillage import plantvillage

COUNTS = {"healthy": 1478, "Bacterial_spot": 997}

DATASET = plantvillage(
    "pepper",
    prefix="Pepper,_bell",
    title="photos of bell pepper leaves (PlantVillage)",
    source=(
        "made from github.com/ai-agriculture-circuits-and-systems/Plant_Village_Pepper at "
        "6cd9be81, resized to 128 px"
    ),
    complete=COUNTS,
    pack=COUNTS,
    leaves=342,
)
