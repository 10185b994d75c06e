"""What an answer depends on beside its request: which model, in which numbers, on which machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The engine that answered. Two equal ones give one answer to one request, to the last bit."""

    model: str
    """What the writer calls it; two of one fingerprint are one model, whatever they are called."""
    fingerprint: str
    """Of its files; empty where it has none. What it covers: see `engine.fingerprint`."""
    precision: str
    """A `settings.Precision`, never automatic."""
    machine: str
    """In words: the processor, what of it is used, the threads at work and the libraries."""

    def differences(self, other: "Identity") -> tuple[str, ...]:
        """Return which of “model”, “precision” and “machine” differ, in that order.

        >>> here = Identity("a", "1f", "int8", "one thread")
        >>> here.differences(Identity("b", "1f", "bf16", "two threads"))
        ('precision', 'machine')
        """
        is_model = self.fingerprint == other.fingerprint
        if not self.fingerprint:
            is_model = is_model and self.model == other.model
        found = (
            ("model", is_model),
            ("precision", self.precision == other.precision),
            ("machine", self.machine == other.machine),
        )
        return tuple(name for name, is_same in found if not is_same)
