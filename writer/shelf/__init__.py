"""The models that the writer has: which there are, what each is, adding and removing. No torch."""
