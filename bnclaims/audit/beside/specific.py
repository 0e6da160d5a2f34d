"""Specific: whether final BN does more than the plain network with its training prior taken off."""

from __future__ import annotations

from bnclaims.audit.beside.results import Specific, Specificity
from bnclaims.audit.beside.sizes import at_stop, sizes_of
from bnclaims.audit.evidence.both_scores import Scores
from bnclaims.audit.statements.statement import greater, less
from bnclaims.protocol.rules import Rules


def specific_of(layer: Scores, plain: Scores, prior_off: Scores, rules: Rules) -> Specific:
    """From both scores of final BN, of the plain network, and of that with its prior taken off.

    Specific: above it by the smallest effect in both scores. A moved threshold does as well: below
    that in both, where the layer does gain; where it does not there is nothing to do as well as. It
    is one-sided, since a threshold that does better than the layer does as well, too.
    """
    line, difference = rules.smallest_effect, layer - prior_off
    seeds = len(difference.seeds)
    p_more = at_stop(greater(difference, line, rules, distance=line), seeds, rules)
    p_no_more = at_stop(
        max(
            less(difference, line, rules, distance=line),
            greater(layer - plain, line, rules, distance=line),
        ),
        seeds,
        rules,
    )
    word = Specificity.NOT_KNOWN
    if p_more <= rules.level:
        word = Specificity.SPECIFIC
    elif p_no_more <= rules.level:
        word = Specificity.MOVED_THRESHOLD
    return Specific(
        word=word, p_more=p_more, p_no_more=p_no_more, scores=sizes_of(difference, rules)
    )
