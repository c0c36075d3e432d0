"""A process that compiles for long does not run out of memory maps."""

import jax.numpy as jnp
import pytest

from mirrorjax import _room


@pytest.mark.skipif(not _room.MAPS.exists(), reason="memory maps are counted on Linux only")
def test_compiled_functions_give_their_maps_back():
    def maps():
        return _room.MAPS.read_bytes().count(b"\n")

    for n in range(3, 23):  # each shape is compiled anew
        _ = jnp.arange(float(n)) * 2.0
    filled = maps()
    _room.make_room(limit=filled)
    assert maps() >= filled - 1  # not full: nothing is forgotten
    _room.make_room(limit=filled - 100)
    assert maps() < filled - 50
