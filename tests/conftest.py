"""Settings that every test of the project shares."""

import hypothesis

# A busy machine is no reason to fail a property: how long an example takes is not what these tests are about.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")
