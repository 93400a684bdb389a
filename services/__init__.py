"""The services, and the kernel they stand on. None imports another."""
