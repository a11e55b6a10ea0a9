"""What can go wrong, one class for each kind of remedy. The message is a line that names the culprit."""


class NbhybridError(Exception):
    """Base class of all errors of this package."""


class OptionError(NbhybridError, ValueError):
    """A command-line option is unknown, lacks a value or has one that is of no use."""


class InputFileError(NbhybridError, ValueError):
    """A file to read is missing, malformed or of another kind."""


class OutputFileError(NbhybridError, OSError):
    """A file cannot be written."""


class ModelError(NbhybridError, ValueError):
    """The values are well formed, but no crystal, beam, detector or scan can be made of them."""


class SizeError(NbhybridError, ValueError):
    """The run would be larger than the machine, or a configured limit, allows."""


class DeviceError(NbhybridError, RuntimeError):
    """A device is missing, has too little memory, or failed."""


class Interrupted(NbhybridError):
    """The run was asked to stop."""
