"""What ships beside the harness as examples."""
