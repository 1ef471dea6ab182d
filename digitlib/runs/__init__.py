"""Trainings: what is asked (config), what can be asked for (catalogue), where each one lives
(folder), and the processes that do the work (engine)."""
