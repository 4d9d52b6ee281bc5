"""The api of the tests, which answers late rather than with "not yet": `python -m tests.support.patient_api`.

A change that Kafka does not have within two seconds is answered as pending, and a task that is not judged within five
with 202. That is meant for people; to a machine that is slow and busy it would happen in any test.
"""

from api.__main__ import main
from api.automations import desk
from api.sandbox import routes as sandbox
from api.tasks import completion
from tests.support.eventually import PATIENCE_SECONDS


def be_patient() -> None:
    """Let this process's api wait for Kafka and for runs as long as the tests do."""
    desk.ACTIVATION_SECONDS = PATIENCE_SECONDS
    sandbox.ACTIVATION_SECONDS = PATIENCE_SECONDS
    completion.VERDICT_SECONDS = PATIENCE_SECONDS


if __name__ == "__main__":
    be_patient()
    main()
