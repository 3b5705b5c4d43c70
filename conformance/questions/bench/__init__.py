"""What the tool costs, as ratios to something that is measured in the same run."""
