"""Prints the version of the package named as argument and the BLAS it has loaded; fails if the
package cannot be imported."""

import importlib
import sys


def loaded_blas():
    """The library that is mapped into this process: what a package was built with is not what a
    Linux distribution gives it."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1].rsplit("/", 1)[-1] for line in maps if "/" in line}
    except OSError:
        return ""
    for name, what in (("openblas", "OpenBLAS"), ("mkl_core", "MKL"), ("libblas", "reference BLAS")):
        if any(name in path for path in paths):
            return f" ({what})"
    return ""


package = importlib.import_module(sys.argv[1])
print(f"{package.__version__}{loaded_blas()}")
