import mirrorjax as mj


def test_a_theorem_holds():
    [verdict] = mj.verify("mask/argmin")
    assert verdict, verdict
