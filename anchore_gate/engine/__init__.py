"""Who looks: this process, or an Anchore service."""
