"""People in the loop: who is told what, and how an answer comes back."""
