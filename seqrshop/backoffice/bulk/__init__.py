"""Actions over many rows: shown before, carried out row by row, in the background if many."""
