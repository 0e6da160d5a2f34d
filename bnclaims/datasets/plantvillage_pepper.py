"""PlantVillage bell pepper: healthy leaves and bacterial spot."""

from bnclaims.datasets._plantvillage import plantvillage

DATASET = plantvillage(
    "pepper",
    title="photos of bell pepper leaves (PlantVillage)",
    classes=("healthy", "Bacterial_spot"),
    source=(
        "made from github.com/ai-agriculture-circuits-and-systems/Plant_Village_Pepper at "
        "6cd9be81, resized to 128 px"
    ),
)
