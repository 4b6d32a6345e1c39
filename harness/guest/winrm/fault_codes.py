"""WinRM's fault codes that say what became of a shell. Sources: `wsmerror.h`, `winerror.h`; MS-WSMV 3.1.4.11."""

QUOTA = frozenset(
    {
        0x8033803F,  # ERROR_WSMAN_QUOTA_LIMIT
        0x803381A5,  # ERROR_WSMAN_QUOTA_MAX_SHELLS
        0x803381A6,  # ERROR_WSMAN_QUOTA_MAX_OPERATIONS
        0x803381A7,  # ERROR_WSMAN_QUOTA_USER
        0x803381A8,  # ERROR_WSMAN_QUOTA_SYSTEM
        0x803381AB,  # ERROR_WSMAN_QUOTA_MAX_SHELLUSERS
        0x803381E4,  # ERROR_WSMAN_QUOTA_MAX_SHELLS_PPQ
        0x803381E5,  # ERROR_WSMAN_QUOTA_MAX_USERS_PPQ
        0x803381E6,  # ERROR_WSMAN_QUOTA_MAX_PLUGINSHELLS_PPQ
        0x803381E7,  # ERROR_WSMAN_QUOTA_MAX_PLUGINOPERATIONS_PPQ
        0x803381E8,  # ERROR_WSMAN_QUOTA_MAX_OPERATIONS_USER_PPQ
        0x803381E9,  # ERROR_WSMAN_QUOTA_MAX_COMMANDS_PER_SHELL_PPQ
        0x803381EA,  # ERROR_WSMAN_QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ
    }
)
"""Too much of something. The shell is given back with all it holds, and the command is tried in another."""

SHELL_GONE = frozenset(
    {
        0x3E3,  # ERROR_OPERATION_ABORTED: idle too long, its host process killed, the machine rebooted
        0x4C7,  # ERROR_CANCELLED
        0x800703FA,  # ERROR_KEY_DELETED: the profile of the shell's user was unloaded
        0x8033805B,  # ERROR_WSMAN_UNEXPECTED_SELECTORS: no shell of this id
        0x803381C4,  # ERROR_WINRS_SHELL_DISCONNECTED
        0x803381DE,  # ERROR_WSMAN_SERVICE_STREAM_DISCONNECTED
    }
)
"""The shell is not there any more. Answered to a Command: nothing ran. To a Receive: what ran may have ended or not."""
