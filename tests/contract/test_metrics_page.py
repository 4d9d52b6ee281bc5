"""The page of metrics lists what the services count: the same names, labels and kinds, no more and no fewer."""

import importlib
import pkgutil
import re
from pathlib import Path

from prometheus_client import REGISTRY

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)(?:\{([\w,]+)\})?` \| (\w+) \| \S", re.MULTILINE)
PACKAGES = ("automations", "api", "executor", "notifier", "trigger_matcher")
NOT_OURS = ("python_", "process_")


def counted() -> set[tuple[str, str, str]]:
    """Return every metric of the services' modules, with its labels and its kind."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    found = set()
    for collector in list(REGISTRY._collector_to_names):
        labels = ",".join(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            if not name.startswith(NOT_OURS):
                found.add((name, labels, family.type))
    return found


def test_page_lists_every_metric_with_its_labels_and_kind() -> None:
    assert {(name, labels, kind) for name, labels, kind in ROW.findall(PAGE)} == counted()


def test_no_metric_is_listed_twice() -> None:
    names = [name for name, _, _ in ROW.findall(PAGE)]
    assert len(names) == len(set(names))
