"""One cell being run: its session, what is recorded of it, and who is to blame when something goes silent."""
