"""PlantVillage: photos of leaves, one file for each plant."""
