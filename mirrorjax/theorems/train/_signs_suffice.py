"""train/signs-suffice: of a network trained from dense to sparse, mask and signs are enough to train from scratch."""

import dataclasses
import functools

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding
from ...experiments import Protocol, read_protocol, records_of, sign_tests
from ._signals import EXACT, Signals, signals

SHARE = 1 / 2
"""Of what right signs bring over random ones: less than this is missing to the dense-to-sparse network."""


def cases(seed, data=None):
    """Three sets of patterns."""
    return signals(seed, 85)


@functools.cache
def plan() -> Protocol:
    """The ready experiment, with the starts that are compared here."""
    starts = ("signs right in 0", "signs right in 1", "random signs", "random mask")
    return dataclasses.replace(read_protocol("signs-patterns"), starts=starts)


def accuracies(case: Signals) -> dict[tuple[str, str], np.ndarray]:
    """Test accuracy of the twelve networks, by start and method."""
    tests = sign_tests(plan(), "gradual", records_of(plan(), case.data))
    return {key: np.array([by_seed[seed] for seed in sorted(by_seed)]) for key, by_seed in tests.items()}


@mj.theorem(
    id="train/signs-suffice",
    title="right signs and the mask of dense-to-sparse training are enough to train a sparse network from scratch",
    statement=r"An MLP with 100 and 50 hidden units on ten classes of signals, weights $x$, 5 % of them kept, signs $s = \operatorname{sign} x$. Gradual magnitude "
    r"pruning finds a mask and signs; networks are then trained under that mask from magnitudes of another start. On average over "
    r"twelve paired seeds test accuracy is higher from the found signs than from random ones; less than half of that gain is missing "
    r"to the network that the signs were found with. With every sign wrong it is missing. Observed, outside the theorems.",
    source="signin, correct signs are sufficient; an observation on networks",
    instances=cases,
)
def theorem_(case: Signals, rungs) -> Finding:
    """No errors are planted: an order of means says nothing of a size."""
    found = accuracies(case)
    right, wrong, random, elsewhere = (
        found[start, "plain"] for start in ("signs right in 1", "signs right in 0", "random signs", "random mask")
    )
    dense, reset = found["dense to sparse", "gradual"], found["random signs", "sign-in"]

    def below(left: np.ndarray, right: np.ndarray) -> Evidence:
        return mj.checks.paired_below(left, right, EXACT)

    def sufficient(trained: np.ndarray) -> Evidence:
        return below(dense - trained, SHARE * (right - random))

    return Finding(
        hypotheses=(
            mj.checks.Hypothesis("share of right answers after dense-to-sparse training", chance := float(np.mean(dense)),
                                 chance > 2 / case.data.classes),
        ),
        claims={
            "random signs below the found ones (99 %)": below(random, right),
            "of that gain less than half is missing to dense to sparse (99 %)": sufficient(right),
        },
        controls={
            "the found signs below random ones": below(right, random),
            "the found signs below themselves, seeds permuted": below(right, np.roll(right, 1)),
            "with every sign wrong less than half is missing": sufficient(wrong),
            "with random signs less than half is missing": sufficient(random),
        },
        observations={
            "accuracy, found signs minus random ones": mj.checks.summary(right, random),
            "found signs minus dense to sparse": mj.checks.summary(right, dense),
            "random signs minus a random mask": mj.checks.summary(random, elsewhere),
            "random signs, Sign-In minus plain": mj.checks.summary(reset, random),
            "difference that would have been seen (90 %)": mj.checks.detectable(right - random),
        },
    )  # fmt: skip
