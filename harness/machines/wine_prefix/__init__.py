"""What a Wine prefix needs to pass for a Windows computer, on Wine machines and in the image wine-guest alike."""
