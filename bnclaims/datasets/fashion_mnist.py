"""Fashion-MNIST: 70,000 images of clothes, 28 x 28 grey levels, or its 10,000 test images alone."""

from bnclaims.datasets.dataset import DatasetInfo, Release, RemoteFile
from bnclaims.datasets.files.idx import read_release
from bnclaims.datasets.files.releases import released

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def _file(name: str, size: int, sha256: str) -> RemoteFile:
    return RemoteFile(
        name=f"fashion_mnist/{name}",
        urls=(
            f"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/{name}",
            f"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{name}",
        ),
        checksum=f"sha256:{sha256}",
        size=size,
    )


DOWNLOADS = (
    _file(
        "train-images-idx3-ubyte.gz",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    _file(
        "train-labels-idx1-ubyte.gz",
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    _file(
        "t10k-images-idx3-ubyte.gz",
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    _file(
        "t10k-labels-idx1-ubyte.gz",
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
)

DATASET = released(
    DatasetInfo(
        name="fashion-mnist",
        title="grey-level images of clothes (Fashion-MNIST)",
        synthetic=False,
        licence="MIT",
        citation="H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747 (2017)",
        source="from github.com/zalandoresearch/fashion-mnist or Debian's dataset-fashion-mnist",
        classes=CLASSES,
        grouped_by=None,
        releases=(
            Release(
                title="complete",
                files=tuple(file.name for file in DOWNLOADS),
                downloads=DOWNLOADS,
                counts=dict.fromkeys(CLASSES, 7000),
            ),
            Release(
                title="its test images",
                files=(
                    "fashion_mnist_t10k/t10k-images-idx3-ubyte.gz",
                    "fashion_mnist_t10k/t10k-labels-idx1-ubyte.gz",
                ),
                counts=dict.fromkeys(CLASSES, 1000),
            ),
        ),
    ),
    read_release,
)
