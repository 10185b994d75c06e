"""Laws over many random inputs as one test each: a home folder for every seed takes longer."""


def for_seeds(count):
    """Run a test of one seed for so many; a failure says which."""

    def decorate(test):
        def run():
            for seed in range(count):
                try:
                    test(seed)
                except BaseException as error:
                    error.add_note(f"seed {seed}")
                    raise

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        return run

    return decorate
