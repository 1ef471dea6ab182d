"""Reading digits with a trained model, and judging how well it reads."""
