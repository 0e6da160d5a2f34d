"""Datasets: what the audit draws its images from, and how it draws them."""

from bnclaims.datasets._check import check
from bnclaims.datasets._contact_sheet import contact_sheet, contact_sheet_png
from bnclaims.datasets._images import Dataset, DatasetInfo, ImageSet, Sources
from bnclaims.datasets._releases import Whereabouts, whereabouts
from bnclaims.datasets.registry import DATASETS, fingerprint, info, load
from bnclaims.datasets.splits import Draw, draw

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetInfo",
    "Draw",
    "ImageSet",
    "Sources",
    "Whereabouts",
    "check",
    "contact_sheet",
    "contact_sheet_png",
    "draw",
    "fingerprint",
    "info",
    "load",
    "whereabouts",
]
