"""Times as people say them."""


def format_seconds(seconds: float) -> str:
    """Return a time such as ``8 s`` or ``2 min 5 s``."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"
