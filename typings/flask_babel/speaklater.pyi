class LazyString(str):
    """Not a str in truth, but taken wherever text is shown: forms' labels and messages."""
