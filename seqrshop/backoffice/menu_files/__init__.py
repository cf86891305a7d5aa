"""The pages on which a shop's menu is exported, imported, and copied from another shop."""
