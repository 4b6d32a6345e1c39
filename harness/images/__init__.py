"""Windows images: recipes, answer files, first-boot scripts, media, and the installation."""
