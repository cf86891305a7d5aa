"""The people of the back office: their roles, their invitations and how they sign in."""
