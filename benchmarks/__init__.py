"""What Digit Lab costs in time and memory and how well it reads, beside a peer in the same run."""
