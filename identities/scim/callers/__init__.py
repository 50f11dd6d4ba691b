"""Who is calling, how often, and whom they see."""
