"""Every good twin by its candidate: what is unusual about it, and comes close to a defect."""

from tests.integration.known_bad.scenes import GOOD_SCENES
from tests.integration.unusual_good.not_on_wine import NOT_ON_WINE
from tests.integration.unusual_good.packages import UNUSUAL
from tests.integration.unusual_good.products import PRODUCTS
from tests.integration.unusual_good.provident import EVERY

FILES = "files"
OF_FILES = (
    "fifteen hundred files in one folder",
    "a file of fifty megabytes",
    "a read-only file",
    "a path that is nearly as long as it may be",
    "a product whose name holds marks and letters of other alphabets",
    "names in other alphabets, without extension, with several dots",
    "a file in a folder of a neighbour, which stays",
    "no service at all",
    "a folder below a folder of its own on the drive",
    "a file among the system's fonts",
    "a folder in the profile of the user that installs it",
    "a key's default value",
)

TWINS: dict[str, tuple[str, ...]] = {
    **{name: good.unusual for name, good in EVERY.items()},
    **{name: owed.good.unusual for name, owed in NOT_ON_WINE.items()},
    FILES: OF_FILES,
    **UNUSUAL,
    **{name: product.unusual for name, product in PRODUCTS.items()},
} | {name: (f"the good agent in scenario {scene.scenario}",) for name, scene in GOOD_SCENES.items()}
