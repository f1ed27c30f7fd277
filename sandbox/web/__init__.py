"""The rim: the only code that touches Flask, sockets, threads, disk, the wall clock and the environment."""
