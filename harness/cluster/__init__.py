"""Work for a Dask cluster: a scheduler somebody has started, and workers that have this tree."""
