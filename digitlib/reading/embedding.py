"""Digits in a plane: which look alike to a network lie side by side."""

import re
from collections.abc import Callable
from contextlib import redirect_stdout

import numpy as np

COMPONENTS = 50
ITERATIONS = 750  # 1000 take half as long again, for neighbourhoods that are 1% truer


def embed(features: np.ndarray, on_share: Callable[[float], None]) -> np.ndarray:
    """Lay digits out in a plane by t-SNE (van der Maaten and Hinton, 2008), by scikit-learn.

    What is near stays near; how far apart the far ones are says little. Near is what lies in the
    same direction, as for ``digitlib.reading.neighbours``. Of many numbers the 50 principal
    components are taken first, as the authors do. The same features give the same plane.

    Args:
        features: float32 (n, w).
        on_share: called now and then with how much is done, 0 to 1.

    Returns:
        float32 (n, 2), the centre at 0, -1 to 1.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count, width = features.shape
    features = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    if width > COMPONENTS:
        features = PCA(COMPONENTS, svd_solver="covariance_eigh").fit_transform(features)
    # It tells how far it has come only by what it prints.
    layout = TSNE(
        2, init="pca", random_state=0, max_iter=ITERATIONS, verbose=2,
        perplexity=min(30, (count - 1) / 3),
    )  # fmt: skip
    # One thread: two would wait for each other wherever there is other work, and the sums of a few
    # more would differ in their last digits, and so the plane.
    with threadpool_limits(1), redirect_stdout(_Listener(on_share)):
        places = layout.fit_transform(features)
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    return (places / np.abs(places).max()).astype(np.float32)


class _Listener:
    """Takes what scikit-learn prints, and tells the share of the iterations that are done."""

    def __init__(self, on_share: Callable[[float], None]):
        self._on_share = on_share

    def write(self, text: str) -> None:
        if found := re.search(r"Iteration (\d+)", text):
            self._on_share(min(int(found[1]) / ITERATIONS, 1.0))

    def flush(self) -> None:
        pass
