"""The benchmark that grows: schema, store, exchange."""
