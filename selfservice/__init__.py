"""What people do for themselves: sign in, keep their credentials, see their own record."""
