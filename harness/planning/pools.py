"""Mistakes in a matrix's pools that only their providers can see."""

from collections.abc import Callable, Sequence

from harness.documents.problem import Problem
from harness.machines.capabilities import HasOneImage
from harness.machines.registry import load_provider
from harness.model.errors import ConfigurationError, ToolMissing
from harness.model.matrix import Matrix
from harness.state import StateDirectory


def pool_problems(state: StateDirectory, wanted: str | None = None) -> Callable[[Matrix], Sequence[Problem]]:
    """For `load_matrix`: what the providers of all pools, or of the `wanted` one, have against them."""

    def problems(matrix: Matrix) -> Sequence[Problem]:
        found = []
        for name, pool in matrix.pools.items():
            if wanted in (None, name):
                try:
                    provider = load_provider(pool, state)
                except ToolMissing:  # no mistake in the matrix; whoever uses that pool is told
                    continue
                except ConfigurationError as error:
                    if error.file or not error.key:  # of another place, such as a state directory
                        raise
                    path = ("pools", name, *error.key.split("."))
                    found.append(Problem(path, error.sentence, error.hint))
                    continue
                only = provider.only_image() if isinstance(provider, HasOneImage) else pool.base_image
                if pool.base_image != only:
                    named = f"not {pool.base_image!r}" if pool.base_image else "and the pool names none"
                    found.append(
                        Problem(
                            ("pools", name, "base_image"),
                            f"the {pool.provider} provider has one image, {only!r}, {named}.",
                            f"Set base_image: {only} in the pool.",
                        )
                    )
        return found

    return problems
