"""Few and plain parts that the systems share."""
