"""What a machine holds before and after the candidate: the difference is the candidate's residue."""
