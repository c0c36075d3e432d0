"""What the batteries of schedules let pass when it was planted."""

import pytest

from mirrorjax._errors import InputError
from mirrorjax.schedules import dose_for


@pytest.mark.parametrize(("scale_from", "scale_to"), [([0.5, -1.0], 1e-3), ([0.5, 0.0], 1e-3), (0.5, [1e-3, 0.0])])
def test_every_scale_must_be_positive(scale_from, scale_to):
    """One that is would else hide the NaN of the other."""
    with pytest.raises(InputError, match="positive"):
        dose_for(scale_from, scale_to)
