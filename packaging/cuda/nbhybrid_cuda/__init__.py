"""The CUDA kernels of nbhybrid, compiled: `nbhybrid.devices` finds them."""
