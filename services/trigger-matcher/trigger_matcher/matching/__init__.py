"""Which automations an event starts: an index of those that listen, and the decision for each.

Pure: no clock, no Kafka. The index and a plain loop over all automations always agree.
"""

from trigger_matcher.matching.buckets import Candidate
from trigger_matcher.matching.decide import MOST_TOGETHER, Decision, Events, Match, Reading, decide, match_events
from trigger_matcher.matching.index import EMPTY, Group, Index
from trigger_matcher.matching.together import TooMany

__all__ = [
    "EMPTY",
    "MOST_TOGETHER",
    "Candidate",
    "Decision",
    "Events",
    "Group",
    "Index",
    "Match",
    "Reading",
    "TooMany",
    "decide",
    "match_events",
]
