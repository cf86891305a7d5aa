"""The pages by which staff answer a customer who asks for their data, or to be erased."""
