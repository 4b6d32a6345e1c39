"""Agent profiles, `agents/<name>.yaml`: one module for each part of the file."""

from harness.model.profile.agent_profile import AgentProfile as AgentProfile
