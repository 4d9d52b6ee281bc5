"""How much data a step and a run may hold, in bytes of JSON. What is beyond fails a step, and nothing else."""

from typing import Final

from automations.contracts.step_errors import StepError

MAX_STEP_BYTES: Final = 262_144
"""What one step may ask for, and what it may yield. What a loop yields is what its steps did, and not limited again."""
MAX_RUN_BYTES: Final = 4_194_304
"""What the steps of one run may ask for, yield and give names to, all together."""
SMALL_BYTES: Final = 1_024
"""A value that is smaller is not counted into the run's: the number of its steps bounds those."""
TOO_LARGE: Final = "too_large"
"""The kind of the error of a step whose data is beyond a limit; another attempt would not help."""


def exceeds_step(what: str, size_bytes: int) -> StepError | None:
    """Return why a step fails whose data, named for people, is too large; None where it is not."""
    if size_bytes <= MAX_STEP_BYTES:
        return None
    return StepError(
        kind=TOO_LARGE,
        message=f"{what} has {size_bytes} bytes; a step takes {MAX_STEP_BYTES} at the most: name the fields that are "
        "needed instead of whole records and answers, and have another system answer less",
        detail={"limit_bytes": MAX_STEP_BYTES, "size_bytes": size_bytes},
    )


def exceeds_run(what: str, size_bytes: int, held_bytes: int) -> StepError | None:
    """Return why a step fails with whose data its run would hold too much; None where it would not."""
    if held_bytes + size_bytes <= MAX_RUN_BYTES:
        return None
    return StepError(
        kind=TOO_LARGE,
        message=f"{what} has {size_bytes} bytes and the steps before hold {held_bytes}; a run holds {MAX_RUN_BYTES} at "
        "the most: take less from each item, or let several runs do the work",
        detail={"limit_bytes": MAX_RUN_BYTES, "size_bytes": size_bytes, "held_bytes": held_bytes},
    )
