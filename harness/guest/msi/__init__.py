"""Installers in the guest: run detached, their exit codes, what their logs say."""
