"""PlantVillage tomato: healthy leaves and nine diseases; the pack has 200 photos of each disease.

Only part of the pack's healthy photos have a leaf id; the others are grouped by blocks of
consecutive photo numbers, which a few leaves straddle (`bnclaims.datasets.files.image_groups`).
"""

from bnclaims.datasets.plantvillage.plantvillage import plantvillage

COUNTS = {
    "healthy": 1591,
    "Bacterial_spot": 2127,
    "Early_blight": 1000,
    "Late_blight": 1909,
    "Leaf_Mold": 952,
    "Septoria_leaf_spot": 1771,
    "Spider_mites Two-spotted_spider_mite": 1676,
    "Target_Spot": 1404,
    "Tomato_Yellow_Leaf_Curl_Virus": 5357,
    "Tomato_mosaic_virus": 373,
}

DATASET = plantvillage(
    "tomato",
    prefix="Tomato",
    title="photos of tomato leaves (PlantVillage)",
    source=(
        "made from github.com/AK-Jeevan/Tomato-leaf-disease-detection-using-CNN at 464f2670, "
        "resized to 128 px, with 200 photos of each disease"
    ),
    complete=COUNTS,
    pack={**dict.fromkeys(COUNTS, 200), "healthy": 1076},
    leaves=901,
    # Numbers of four digits behind "Leaf" no longer count as leaves.
    version=("leaf names 2",),
)
