"""PlantVillage tomato, a subset: healthy leaves and 200 photos of each of nine diseases.

Only part of the healthy photos have a leaf id; the others are grouped by blocks of consecutive
photo numbers, which a few leaves straddle (`bnclaims.datasets._groups`).
"""

from bnclaims.datasets._plantvillage import plantvillage

DATASET = plantvillage(
    "tomato",
    title="photos of tomato leaves (PlantVillage, subset)",
    classes=(
        "healthy",
        "Bacterial_spot",
        "Early_blight",
        "Late_blight",
        "Leaf_Mold",
        "Septoria_leaf_spot",
        "Spider_mites Two-spotted_spider_mite",
        "Target_Spot",
        "Tomato_Yellow_Leaf_Curl_Virus",
        "Tomato_mosaic_virus",
    ),
    source=(
        "made from github.com/AK-Jeevan/Tomato-leaf-disease-detection-using-CNN at 464f2670, "
        "resized to 128 px"
    ),
)
