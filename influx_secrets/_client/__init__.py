"""The client of the InfluxDB API; usable without Pulumi."""
