"""Images: their layers and waste, their facts, rebuilds, base images and the calibration image."""
