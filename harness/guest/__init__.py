"""The Windows system inside a machine, reached over WinRM: facts as typed data, actions with deadlines."""
