_fovea.__suffix__:
    import builtins

    class Error(builtins.RuntimeError):
        """What all errors of fovea derive from."""

    class ShapeError(Error):
        """Sizes, ranks or broadcasts that do not fit."""

    class DTypeError(Error):
        """Element types that do not fit."""

    class IndexError(Error, builtins.IndexError):
        """A position, dimension or id outside its range."""

    class ValueError(Error, builtins.ValueError):
        """A number or option outside its range."""

    class AutogradError(Error):
        """Misuse of the tape; a NaN where they are looked for."""

    class FileError(Error, builtins.OSError):
        """A file that cannot be read or written."""

    class NonFiniteError(AutogradError):
        """A loss or a gradient of training that is not finite."""
