"""Files that images come in: downloads, archives, packs, caches."""
