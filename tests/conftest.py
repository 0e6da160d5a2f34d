"""What every test needs: a cache of its own, and properties that do not fail on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor fill the cache of the user who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BNCLAIMS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
