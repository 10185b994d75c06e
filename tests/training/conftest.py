from tests.checkpoints.tiny_models import one_thread, transformers

__all__ = ["one_thread", "transformers"]
