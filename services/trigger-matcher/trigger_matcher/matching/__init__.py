"""Which automations an event starts: an index of those that listen, and the decision for each.

Pure: no clock, no Kafka. The index and a plain loop over all automations always agree.
"""

from trigger_matcher.matching.buckets import Candidate
from trigger_matcher.matching.decide import Decision, decide, match_event, reading_of
from trigger_matcher.matching.index import EMPTY, Group, Index

__all__ = ["EMPTY", "Candidate", "Decision", "Group", "Index", "decide", "match_event", "reading_of"]
