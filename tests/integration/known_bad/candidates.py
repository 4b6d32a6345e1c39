"""All known-bad candidates: which defects of the reference agent trip which checks, and in which words.

A candidate holds every defect that can be seen independently of its others, so that few machines show all of them.
"""

from tests.integration.known_bad.changing import OF_CHANGING
from tests.integration.known_bad.checking_in import OF_CHECKING_IN
from tests.integration.known_bad.covert import OF_COVERT
from tests.integration.known_bad.few_look import OF_FEW_LOOK
from tests.integration.known_bad.fleeting import OF_FLEETING
from tests.integration.known_bad.functions import OF_FUNCTIONS
from tests.integration.known_bad.health import OF_HEALTH
from tests.integration.known_bad.heedless import OF_HEEDLESS
from tests.integration.known_bad.installing import OF_INSTALLING
from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.leaving import OF_LEAVING
from tests.integration.known_bad.neighbourhood import OF_NEIGHBOURHOOD
from tests.integration.known_bad.next_release import OF_THE_NEXT_RELEASE
from tests.integration.known_bad.scenes import OF_SCENES
from tests.integration.known_bad.troubled import OF_TROUBLED
from tests.integration.known_bad.unheeded import OF_UNHEEDED
from tests.integration.known_bad.veiled import OF_VEILED

BAD: dict[str, KnownBad] = {
    **OF_INSTALLING,
    **OF_NEIGHBOURHOOD,
    **OF_CHECKING_IN,
    **OF_FUNCTIONS,
    **OF_HEALTH,
    **OF_CHANGING,
    **OF_LEAVING,
    **OF_FEW_LOOK,
    **OF_VEILED,
    **OF_COVERT,
    **OF_THE_NEXT_RELEASE,
    **OF_HEEDLESS,
    **OF_FLEETING,
    **OF_UNHEEDED,
    **OF_TROUBLED,
    **OF_SCENES,
}
"""By name."""

MACHINE_CHECKS = frozenset({"machine.windows_version", "machine.way_to_backend", "machine.clean"})
"""About the lab and not the candidate; test_wrong_image.py trips them."""
