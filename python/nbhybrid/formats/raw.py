"""Raw float32 in the machine's byte order: the pixels and nothing else, as ``-floatfile`` writes them."""

from nbhybrid.formats.entry import native

# Such a file begins with anything and does not say its shape, so `read_image` takes it for what nothing else recognises.
FORMAT = native("bin", kind="float")
