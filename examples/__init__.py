"""Images, policies and pipelines that run as they stand."""
