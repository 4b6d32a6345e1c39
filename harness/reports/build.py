"""Which build this was, from the variables that CI systems set. Pure."""

from collections.abc import Mapping

from harness.model.context import Context

COMMIT, BUILD, BRANCH = "commit", "build", "branch"
FIRST = ("owner", "contact", COMMIT, BRANCH, BUILD)
"""What a page shows first of `meta`."""

VARIABLES = (
    {COMMIT: "GITHUB_SHA", BRANCH: "GITHUB_REF_NAME"},
    {COMMIT: "CI_COMMIT_SHA", BRANCH: "CI_COMMIT_REF_NAME", BUILD: "CI_JOB_URL"},
    {COMMIT: "GIT_COMMIT", BRANCH: "BRANCH_NAME", BUILD: "BUILD_URL"},
)
"""Of GitHub Actions, GitLab CI and Jenkins."""


def build_facts(environment: Mapping[str, str]) -> dict[str, str]:
    """Commit, branch and address of the build; what no system says is left out."""
    found: dict[str, str] = {}
    for names in VARIABLES:
        for what, variable in names.items():
            if value := environment.get(variable, "").strip():
                found.setdefault(what, value)
    repository, run = environment.get("GITHUB_REPOSITORY", ""), environment.get("GITHUB_RUN_ID", "")
    if repository and run:
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        found.setdefault(BUILD, f"{server}/{repository}/actions/runs/{run}")
    return found


def meta_of(context: Context, environment: Mapping[str, str]) -> dict[str, str]:
    """What was said of the build, the well-known names first; what was given beats what CI says."""
    known = build_facts(environment) | context.meta
    names = [name for name in FIRST if name in known] + sorted(set(known) - set(FIRST))
    return {name: known[name] for name in names}
