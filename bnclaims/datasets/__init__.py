"""Datasets: what the audit draws its images from, and how it draws them."""

from bnclaims.datasets.contact_sheet import contact_sheet, contact_sheet_png
from bnclaims.datasets.dataset import Dataset, DatasetInfo, ImageSet, Sources
from bnclaims.datasets.files.releases import Whereabouts, whereabouts
from bnclaims.datasets.folder_contents import Contents, contents, described
from bnclaims.datasets.registry import DATASETS, fingerprint, info, load
from bnclaims.datasets.splits import Draw, draw
from bnclaims.datasets.task_check import check

__all__ = [
    "DATASETS",
    "Contents",
    "Dataset",
    "DatasetInfo",
    "Draw",
    "ImageSet",
    "Sources",
    "Whereabouts",
    "check",
    "contact_sheet",
    "contact_sheet_png",
    "contents",
    "described",
    "draw",
    "fingerprint",
    "info",
    "load",
    "whereabouts",
]
