"""The staff's face of the shop: every page of the Django admin."""
