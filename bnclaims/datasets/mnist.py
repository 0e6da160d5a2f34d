"""MNIST: 70,000 handwritten digits, 28 x 28 grey levels."""

from bnclaims.datasets.dataset import DatasetInfo, Release, RemoteFile
from bnclaims.datasets.files.idx import read_release
from bnclaims.datasets.files.releases import released


def _file(name: str, size: int, sha256: str) -> RemoteFile:
    return RemoteFile(
        name=f"mnist/{name}",
        urls=(
            f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}",
            f"https://storage.googleapis.com/cvdf-datasets/mnist/{name}",
        ),
        checksum=f"sha256:{sha256}",
        size=size,
    )


DOWNLOADS = (
    _file(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    _file(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    _file(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    _file(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

COUNTS = {
    "0": 6903,
    "1": 7877,
    "2": 6990,
    "3": 7141,
    "4": 6824,
    "5": 6313,
    "6": 6876,
    "7": 7293,
    "8": 6825,
    "9": 6958,
}

DATASET = released(
    DatasetInfo(
        name="mnist",
        title="grey-level images of handwritten digits (MNIST)",
        synthetic=False,
        licence="CC BY-SA 3.0, as Keras states it",
        citation="Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, doi:10.1109/5.726791 (1998)",
        source="the four files that torchvision names, from ossci-datasets.s3.amazonaws.com/mnist",
        classes=tuple(COUNTS),
        grouped_by=None,
        releases=(
            Release(
                title="complete",
                files=tuple(file.name for file in DOWNLOADS),
                downloads=DOWNLOADS,
                counts=COUNTS,
            ),
        ),
    ),
    read_release,
)
