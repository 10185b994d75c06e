from tests.checkpoints.tiny_models import one_thread

__all__ = ["one_thread"]
