"""What the pages are made of: cached loaders, widgets and charts. Computes nothing itself."""
