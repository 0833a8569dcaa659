"""The player: one widget of plain HTML, CSS and ES modules, no build step."""
