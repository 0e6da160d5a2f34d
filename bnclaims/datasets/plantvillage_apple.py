"""PlantVillage apple: healthy leaves and three diseases."""

from bnclaims.datasets._plantvillage import plantvillage

DATASET = plantvillage(
    "apple",
    title="photos of apple leaves (PlantVillage)",
    classes=("healthy", "Apple_scab", "Black_rot", "Cedar_apple_rust"),
    source=(
        "made from github.com/ai-agriculture-circuits-and-systems/plant_Village_Apple at "
        "2b683035, resized to 128 px"
    ),
)
