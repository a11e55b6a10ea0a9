"""Random command lines: what the reference, or another way of running nbhybrid, gives for the same ones."""
